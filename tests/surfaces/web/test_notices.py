"""The page of what one is told, without script: reading, opening, marking; what one wants to be told; few statements."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, notices, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import read_journal
from tests.surfaces.web.browser import Browser, statements, words

DESK = system(DEFAULT_WORKSPACE, via="test")


@pytest.fixture(scope="module")
def told(cast: Cast) -> dict[str, Any]:
    """王伟 is given a customer, is mentioned there, and gets a task."""
    read_journal()
    manager = cast.actor("manager")
    customer = door.perform("customer", "create", actor=manager, changes={"name": "长风机械", "owner": cast.users["owner"]}).id
    read_journal()
    text = {"text": "@王伟 <b>看</b>合同", "object_name": "customer", "record": str(customer), "mentions": [cast.users["owner"]]}
    door.perform("comment", "create", actor=manager, changes=text)
    read_journal()
    task = door.perform("task", "create", actor=manager, changes={"subject": "回电", "owner": cast.users["owner"]}).id
    read_journal()
    return {"customer": customer, "task": task}


def entries(html: str) -> list[tuple[str, str]]:
    """(unread or not, sentence) of each notice on a page."""
    found = re.findall(r'<li class="(new|read)[^"]*">\s*<a href="/notices/[0-9a-f-]+".*?<span class="says"><span>(.*?)</span>', html, re.S)
    return [(state, words(text).removeprefix("未读： ")) for state, text in found]


def count(client: Browser) -> dict[str, Any]:
    answer = client.get("/notices/count")
    assert answer["Cache-Control"] == "private, no-store"
    return answer.json()  # type: ignore[no-any-return]


def test_they_are_listed_opened_and_counted(cast: Cast, told: dict[str, Any]) -> None:
    client = Browser("owner")
    page = client.read("/notices")
    assert entries(page) == [("new", "赵强 交给您任务「回电」"), ("new", "赵强 在客户「长风机械」中提到了您"), ("new", "赵强 把客户「长风机械」交给了您")]
    assert "<q>@王伟 &lt;b&gt;看&lt;/b&gt;合同</q>" in page
    assert count(client) == {"unread": 3, "todo": 1, "quiet": False}
    mention = re.findall(r'href="(/notices/[0-9a-f-]+)"', page)[1]
    answer = client.get(mention)
    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{told['customer']}")
    assert count(client)["unread"] == 2 and entries(client.read("/notices"))[1][0] == "read"
    assert entries(client.read("/notices?tab=mention")) == [("read", "赵强 在客户「长风机械」中提到了您")]
    assert entries(client.read("/notices?tab=todo")) == [("new", "赵强 交给您任务「回电」")]
    assert entries(client.read("/notices?tab=system")) == [("new", "赵强 把客户「长风机械」交给了您")]
    assert len(entries(client.read("/notices?unread=1"))) == 2
    assert client.post(mention, {"do": "unseen", "next": "/notices?tab=mention"})["Location"] == "/notices?tab=mention"
    assert count(client)["unread"] == 3
    form = re.search(r'action="/notices/seen".*?name="id" value="([0-9a-f-]+)"', client.read("/notices"), re.S)
    assert form is not None
    assert client.post("/notices/seen", {"id": form[1], "next": "/notices"}).status_code == 302
    assert count(client) == {"unread": 0, "todo": 1, "quiet": False}, "a thing to do is not done by reading of it"
    assert 'action="/notices/seen"' not in client.read("/notices"), "no button that would do nothing"
    door.perform("task", "complete", actor=cast.actor("owner"), id=told["task"])
    read_journal()
    assert count(client)["todo"] == 0 and entries(client.read("/notices?tab=todo")) == []
    assert "已处理" in client.read("/notices")


def test_nobody_elses_can_be_opened_or_marked(cast: Cast, told: dict[str, Any]) -> None:
    theirs = notices.shown(cast.actor("owner"))[0][0].id
    for who in ("manager", "admin"):
        client = Browser(who)
        assert client.get(f"/notices/{theirs}").status_code == 404
        assert client.post(f"/notices/{theirs}", {"do": "unseen"}).status_code == 404
        assert client.post("/notices/seen", {"id": str(theirs)}).status_code == 404
        assert f"/notices/{theirs}" not in client.read("/notices")
    assert Browser("owner").get("/notices?tab=nothing").status_code == 404


def test_a_record_out_of_sight_is_said_to_be(cast: Cast) -> None:
    one = door.perform("customer", "create", actor=cast.actor("manager"), changes={"name": "收回的", "owner": cast.users["junior"]}).id
    read_journal()
    door.perform("customer", "assign", actor=cast.actor("manager"), id=one, changes={"owner": cast.users["teammate"]})
    read_journal()
    client = Browser("junior")
    page = client.read("/notices")
    assert entries(page) == [("new", "赵强 把您的一条客户转给了 李娜"), ("new", "赵强 把一条客户交给了您")] and "收回的" not in page
    link = re.findall(r'href="(/notices/[0-9a-f-]+)"', page)[0]
    assert client.get(link)["Location"] == "/notices" and "您已不能查看" in client.read("/notices")


def test_a_page_and_the_count_are_few_statements(cast: Cast, told: dict[str, Any]) -> None:
    client = Browser("owner")
    client.read("/notices")
    with statements() as sent:
        client.read("/notices")
    assert len(sent) <= 4, [one[:100] for one in sent]
    client.get("/notices/count")
    with statements() as sent:
        client.get("/notices/count")
    assert len(sent) <= 3, [one[:100] for one in sent]


def test_the_panel_is_the_same_list(cast: Cast, told: dict[str, Any]) -> None:
    client = Browser("owner")
    answer = client.get("/notices", headers={"X-Inside": "panel"})
    html = answer.content.decode()
    assert html.lstrip().startswith('<div class="inside"') and len(entries(html)) == 3 and "/me/notices" in html
    shell = client.read("/tasks")
    assert len(re.findall(r'<a class="[^"]*bell[^"]*" href="/notices" data-bell', shell)) == 2, "at the top, and on the phone's bar"


def test_what_one_wants_to_be_told(cast: Cast) -> None:
    client, admin = Browser("owner"), Browser("admin")
    assert "公司默认" not in client.read("/me/notices") and 'name="all.' not in client.read("/me/notices")
    everything = {f"me.{key}": "1" for key in re.findall(r'name="me\.(\w+)"', client.read("/me/notices"))}
    assert {"me.assigned", "me.mentioned", "me.task_due", "me.contact_overdue", "me.leaving"} <= set(everything)

    def desk() -> dict[str, Any]:
        rows = reading.query("preference", actor=cast.actor("owner"), fields=["settings"]).rows
        return (rows[0]["settings"] or {}).get("notices", {}) if rows else {}

    without = {key: value for key, value in everything.items() if key != "me.assigned"}
    assert client.post("/me/notices", {**without, "from": "22:00", "to": "08:00"}).status_code == 302
    assert desk() == {"off": ["assigned"], "quiet": "22:00-08:00"}
    page = client.read("/me/notices")
    assert re.search(r'name="me\.assigned"[^>]*>', page)[0].count("checked") == 0 and 'value="22:00"' in page  # type: ignore[index]
    assert client.post("/me/notices", {**everything, "from": "22:00", "to": ""}).status_code == 422
    all_on = {key.replace("me.", "all."): value for key, value in everything.items() if key != "me.mentioned"}
    assert admin.post("/me/notices", {**everything, **all_on}).status_code == 302
    assert reading.query("notice_rules", actor=DESK, fields=["off"]).rows[0]["off"] == ["mentioned"]
    assert client.post("/me/notices", {**everything, "all.assigned": ""}).status_code == 302
    assert reading.query("notice_rules", actor=DESK, fields=["off"]).rows[0]["off"] == ["mentioned"], "only who may change the company's does"
    assert desk() == {"on": ["mentioned"]}
    admin.post("/me/notices", {**everything, **all_on, "all.mentioned": "1"})
    client.post("/me/notices", everything)
    assert desk() == {}


def test_quiet_hours_are_told_to_the_bell(cast: Cast) -> None:
    client = Browser("teammate")
    hour = datetime.now(UTC).astimezone(cast.actor("teammate").catalog.settings.tz).hour  # type: ignore[union-attr]
    everything = {f"me.{key}": "1" for key in re.findall(r'name="me\.(\w+)"', client.read("/me/notices"))}
    client.post("/me/notices", {**everything, "from": f"{(hour - 1) % 24:02d}:00", "to": f"{(hour + 2) % 24:02d}:00"})
    assert count(client)["quiet"] is True
    client.post("/me/notices", {**everything, "from": f"{(hour + 2) % 24:02d}:00", "to": f"{(hour - 1) % 24:02d}:00"})
    assert count(client)["quiet"] is False


def test_an_announcement_is_written_read_and_confirmed(cast: Cast) -> None:
    manager, owner = Browser("manager"), Browser("owner")
    answer = manager.fill("/announcements/new", subject="周五盘点", text="全组参加", kind="arrangement", units__keep=[f"{cast.departments['销售部']}|销售部"])
    assert answer.status_code == 302
    read_journal()
    assert entries(owner.read("/notices?tab=todo"))[0] == ("new", "赵强 发来工作安排「周五盘点」")
    place = answer["Location"].partition("?")[0]
    assert f"{place}/confirm" in owner.read(place) and f"{place}/edit" not in owner.read(place)
    assert f"{place}/confirm" not in manager.read(place)
    assert owner.fill(f"{place}/confirm").status_code == 302
    assert f"{place}/confirm" not in owner.read(place) and entries(owner.read("/notices?tab=todo")) == []
    shown = words(manager.read(place))
    assert "已确认 王伟" in shown and "未确认" in shown and "李娜" in shown
    assert Browser("outsider").get(place).status_code == 404


def test_reminders_of_a_pools_rules_are_typed_with_them(cast: Cast) -> None:
    pool = reading.query("pool", actor=DESK, where="object_name = customer", fields=["id"], limit=1).rows[0]["id"]
    client = Browser("admin")
    assert client.fill(f"/pools/{pool}/rules", r__contact="15", n__contact="7，3, 1", do="save").status_code == 302
    settings = reading.get("pool", pool, actor=DESK, fields=["settings"])["settings"]
    assert settings["rules"] == {"contact": {"days": 15, "remind": [7, 3, 1]}}
    assert 'name="n.contact" value="7, 3, 1"' in client.read(f"/pools/{pool}/rules")
    assert client.fill(f"/pools/{pool}/rules", n__contact="soon", do="save").status_code == 422
