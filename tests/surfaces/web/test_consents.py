"""Consents on the record's page, without script: entered, withdrawn by one click."""

from __future__ import annotations

import re

from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser


def test_entered_and_withdrawn_on_the_page(cast):
    book = create(cast.actor("system"), "book", name="书", phones="13800138000", owner=str(cast.users["owner"]))
    browser = Browser("owner")
    page = browser.read(f"/books/{book}")
    assert "同意与依据" in page and page.count("未取得") == 5
    assert "同意与依据" not in browser.read(f"/authors/{create(cast.actor('owner'), 'author', name='人')}"), "an author has no way to be reached"
    assert browser.post(f"/books/{book}/consent", {"purpose": "marketing_mail", "basis": "consent", "source": "展会", "text_version": "v2"}).status_code == 302
    page = browser.read(f"/books/{book}")
    assert page.count("未取得") == 4 and "展会" in page and "v2" in page
    taken = re.search(r'name="withdraw" value="([0-9a-f-]+)"', page)[1]
    assert Browser("outsider").post(f"/books/{book}/consent", {"withdraw": taken}).status_code == 404
    browser.post(f"/books/{book}/consent", {"withdraw": taken})
    page = Browser("owner", "en").read(f"/books/{book}")
    assert "Withdrawn" in page and 'name="withdraw"' not in page and "Marketing by SMS" in page
