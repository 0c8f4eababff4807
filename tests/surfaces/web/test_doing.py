"""The last column of a list: writing about a row, editing it, and the menu of the rest."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from guanxi.kernel.records import door
from tests.cast import Cast
from tests.surfaces.web.browser import Browser, statements, words

ACTS = re.compile(r'<td class="act">(.+?)</td>')


@pytest.fixture(scope="module")
def company(cast: Cast) -> UUID:
    return door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "行动公司"}).id


def acts(page: str) -> list[str]:
    return [words(cell) for cell in ACTS.findall(page)]


def test_a_row_is_written_about_and_edited_from_its_last_column(cast: Cast, company: UUID) -> None:
    page = Browser("owner").read("/customers")
    assert acts(page) == ["跟进 编辑 ⋯"]
    cell = ACTS.findall(page)[0]
    assert re.findall(r'href="([^"]+)" (data-\w+)', cell) == [(f"/customers/{company}#write", "data-write"), (f"/customers/{company}/edit", "data-dialog"), (f"/customers/{company}/menu", "data-menu")]
    assert 'id="write"' in Browser("owner").read(f"/customers/{company}"), "where following up leads"
    assert acts(Browser("owner", "en").read("/customers")) == ["Follow up Edit ⋯"]
    assert acts(Browser("owner").read("/customers?bin=1")) == []


def test_each_offers_what_it_may(cast: Cast, company: UUID) -> None:
    assert acts(Browser("executive").read("/customers")) == ["跟进 ⋯"], "who may not change anything"
    door.perform("customer", "share", actor=cast.actor("owner"), id=company, inputs={"user": str(cast.users["outsider"]), "level": "read"})
    assert acts(Browser("outsider").read("/customers")) == ["跟进 ⋯"], "a row one may only read"
    fresh = Browser("outsider").read(f"/customers/rows?ids={company}")
    assert acts(fresh) == ["跟进 ⋯"], "and no other when it is drawn anew"
    made = door.perform("book", "create", actor=cast.actor("owner"), changes={"name": "没有跟进的"}).id
    assert acts(Browser("owner").read(f"/books?where=id+%3D+{made}")) == ["编辑 ⋯"], "nothing is written about books"


def test_the_menu_says_what_this_record_allows(cast: Cast, company: UUID) -> None:
    def offered(who: str) -> list[str]:
        menu = re.search(r'<nav class="card pop verbs".*?</nav>', Browser(who).read(f"/customers/{company}/menu"), re.S)
        assert menu is not None
        return re.findall(r'href="[^"]*/([\w.]+)"', menu[0])

    mine: list[Any] = offered("owner")
    assert {"edit", "assign", "share", "delete"} <= set(mine) and "record.pdf" not in mine, "who sells prints nothing unless told so"
    assert "record.pdf" in offered("manager")
    assert not {"edit", "assign", "delete"} & set(offered("executive"))
    Browser("newcomer").read(f"/customers/{company}/menu", status=404)


def test_a_list_with_it_is_no_statement_more(cast: Cast, company: UUID) -> None:
    client = Browser("owner")
    client.read("/customers")
    with statements() as sent:
        client.read("/customers")
    assert len(sent) <= 4, sent
