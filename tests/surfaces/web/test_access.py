"""An administrator lets somebody in: the first password is on the page once."""

from __future__ import annotations

import re

from guanxi.kernel.records import door
from tests.surfaces.web.browser import Browser, words


def test_a_first_password_is_shown_once_and_works(cast):
    made = door.perform("user", "create", actor=cast.actor("admin"), changes={"name": "新人", "username": "xinren"})
    admin = Browser("admin")
    page = admin.fill(f"/users/{made.id}/give_access").content.decode()
    password = re.findall(r'<code class="secret">([^<]+)</code>', page)[-1]
    assert "初始密码" in words(page)
    assert password not in admin.read(f"/users/{made.id}?tab=history")
    client = Browser()
    assert client.post("/signin", {"username": "xinren", "password": password})["Location"] == "/"
    assert client.get("/")["Location"] == "/password"
