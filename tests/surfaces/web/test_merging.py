"""Merging on the pages, without script: comparing, choosing, merging, old addresses, taking it back."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from guanxi.kernel.records import door
from tests.cast import Cast
from tests.kernel.tools import create, raw
from tests.surfaces.web.browser import Browser


@pytest.fixture
def pair(cast: Cast) -> tuple[UUID, UUID]:
    owner = cast.actor("owner")
    a = create(owner, "customer", name="苏州听枫茶业有限公司", phones=["13800000001"], grade="key")
    b = create(owner, "customer", name="听枫茶业（苏州）", phones=["13800000001", "13800000002"], email="b@example.com")
    create(owner, "contact", name="周经理", customer=b)
    return a, b


def form(text: str) -> dict[str, str]:
    """What the page's form would send as it stands."""
    out = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text.split('class="card merge"')[1]))
    out.pop("csrfmiddlewaretoken")
    return out | dict(re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)" checked', text))


def test_from_the_comparison_to_one_record_and_back(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    a, b = pair
    client = Browser("owner")
    text = client.get(f"/customers/merge?ids={b},{a}").content.decode()
    filled = form(text)
    assert filled["keep"] == str(a), "the older one stays unless somebody says otherwise"
    assert {name: value for name, value in filled.items() if name.startswith("f.")} == {
        "f.name": str(a), "f.number": str(a), "f.grade": str(a), "f.phones": "all", "f.email": str(b),
    }  # fmt: skip
    assert '<li>联系人 <strong class="number">1</strong></li>' in text
    other = client.get(f"/customers/merge?ids={a},{b}&keep={b}").content.decode()
    assert form(other)["keep"] == str(b)
    answer = client.post("/customers/merge", filled | {"f.name": str(b)})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/customers/{a}")
    shown = client.get(f"/customers/{a}").content.decode()
    assert "已合并 2 条客户，1 条相关记录跟随。" in shown and "听枫茶业（苏州）" in shown and "撤销合并" in shown
    undo = re.search(r'href="(/customers/[0-9a-f-]+/unmerge\?merge=[0-9a-f-]+)"', shown)
    assert undo is not None
    old = client.get(f"/customers/{b}")
    assert (old.status_code, old.headers["Location"]) == (302, f"/customers/{a}")
    assert Browser("outsider").get(f"/customers/{b}").status_code == 404
    asked = client.get(undo[1]).content.decode()
    assert "撤销这次合并？" in asked and "听枫茶业（苏州）" in asked and "1 条相关记录回到原来的位置" in asked
    assert raw("SELECT deleted_at IS NULL FROM gx_customer WHERE id = %s", [b]) == [(False,)], "asking takes nothing back"
    assert client.post(f"/customers/{a}/unmerge", {"merge": undo[1].split("=")[1]}).headers["Location"] == f"/customers/{a}"
    assert "合并已撤销" in client.get(f"/customers/{a}").content.decode()
    assert client.get(f"/customers/{b}").status_code == 200
    assert client.post(f"/customers/{a}/unmerge", {}).status_code == 409


def test_what_changed_meanwhile_is_not_merged(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    a, b = pair
    client = Browser("owner")
    filled = form(client.get(f"/customers/merge?ids={a},{b}").content.decode())
    door.perform("customer", "update", actor=cast.actor("owner"), id=b, changes={"grade": "vip"})
    answer = client.post("/customers/merge", filled | {"f.email": str(a)})
    assert answer.status_code == 412
    assert form(answer.content.decode())["f.email"] == str(a), "what was chosen is still chosen"


def test_who_may_not_sees_why_and_no_button(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    a, b = pair
    create(cast.actor("manager"), "task", subject="经理的事", customer=b)
    text = Browser("owner").get(f"/customers/merge?ids={a},{b}").content.decode()
    assert "有 1 条任务要跟着走，但您不能修改。" in text and "合并成一条" not in text
    assert "合并成一条" in Browser("manager").get(f"/customers/merge?ids={a},{b}").content.decode()
    executive = Browser("executive").get(f"/customers/merge?ids={a},{b}").content.decode()
    assert "您的角色不能合并客户" in executive and "合并成一条" not in executive
    assert Browser("outsider").get(f"/customers/merge?ids={a},{b}").status_code == 404
    assert Browser("owner").get(f"/customers/merge?ids={a}").status_code == 422
    assert Browser("owner").get("/tasks/merge?ids=").status_code == 404


def test_ways_in(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    a, b = pair
    client = Browser("owner")
    assert 'value="merge" class="small" data-page' in client.get("/customers").content.decode()
    assert 'value="merge" class="small" data-page' in client.get("/contacts").content.decode()
    assert 'value="merge"' not in client.get("/tasks").content.decode()
    answer = client.get(f"/customers/bulk?do=merge&ids={a},{b}")
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/customers/merge?ids=")
    record = client.get(f"/customers/{a}").content.decode()
    assert f'href="/customers/{a}/duplicates"' in record and "merged_into" not in record
    like = client.get(f"/customers/{a}/duplicates").content.decode()
    assert "听枫茶业（苏州）" in like and f'href="/customers/merge?ids={a}%2C{b}"' in like
    found = client.post("/customers/lookup", {"q": "听枫茶业"}).content.decode()
    assert "合并查到的记录" in found
    assert "合并查到的记录" not in Browser("newcomer").post("/customers/lookup", {"q": "听枫茶业"}).content.decode()
