"""Somebody leaves: counted, handed over as one piece of work, taken back as one; stages and authorship stay."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel.records import door, leaving
from guanxi.surfaces.jobs import tasks, worker
from tests.cast import Cast
from tests.kernel.tools import create, events, raw
from tests.surfaces.web.browser import Browser, inputs, words

MANY = 620


@pytest.fixture(scope="module")
def desk(cast: Cast) -> Cast:
    owner = cast.actor("owner")
    made = door.perform_many("customer", "create", [door.Item(changes={"name": f"离职客户 {n}"}) for n in range(MANY)], actor=owner)
    for one in made[:3]:
        create(owner, "opportunity", name="商机", customer=one.id, amount=5)  # type: ignore[union-attr]
        create(owner, "activity", kind="phone", content="聊过", customer=one.id)  # type: ignore[union-attr]
    create(owner, "task", subject="要做的")
    door.perform("task", "complete", actor=owner, id=create(owner, "task", subject="做完的"))
    create(owner, "note", text="私人便签")
    return cast


def work() -> None:
    asyncio.run(worker.work(2, until_empty=True))


def held(who: UUID) -> dict[str, int]:
    return {name: raw(f"SELECT count(*) FROM gx_{name} WHERE owner_id = %s", [who])[0][0] for name in ("customer", "opportunity", "task", "activity", "note")}


def test_a_colleague_s_records_go_to_successors_and_come_back(desk: Cast) -> None:
    admin, owner, junior, mate = desk.actor("admin"), desk.users["owner"], desk.users["junior"], desk.users["teammate"]
    before, stages = held(owner), raw("SELECT id, stage_id FROM gx_opportunity ORDER BY id")
    assert {it.name: n for it, n, _ in leaving.counts(admin, owner)} == {"customer": MANY, "opportunity": 3, "task": 1}
    browser = Browser("admin")
    assert "离职交接" in words(browser.read("/settings"))
    page = browser.read(f"/settings/handover?who=x&who.id={owner}&who.label=x")
    assert f"客户（{MANY} 条）" in words(page) and "任务（1 条）" in words(page) and "跟进记录（" not in words(page)
    answer = browser.post("/settings/handover", _form(owner, {"customer": junior, "opportunity": mate, "task": junior}, desk))
    assert answer.status_code == 302
    job = answer.headers["Location"].rpartition("/")[2]
    work()
    told = tasks.job(admin, job)
    assert (told["state"], told["outcome"]["moved"], told["outcome"]["kept"]) == ("done", MANY + 4, 0)
    assert held(owner) == before | {"customer": 0, "opportunity": 0, "task": 1}
    assert held(junior)["customer"] == MANY and held(mate)["opportunity"] == 3
    assert raw("SELECT id, stage_id FROM gx_opportunity ORDER BY id") == stages

    shown = browser.read(f"/jobs/{job}")
    assert "撤销交接" in words(shown) and f"{MANY + 4}" in words(shown)
    assert "撤销这次交接" in words(browser.read(f"/jobs/{job}/undo"))
    browser.post(f"/jobs/{job}/undo", {})
    work()
    assert held(owner) == before and held(junior)["customer"] == 0
    assert raw("SELECT id, stage_id FROM gx_opportunity ORDER BY id") == stages
    assert browser.post(f"/jobs/{job}/undo", {}).status_code == 409


def _form(who: UUID, plan: dict[str, UUID], cast: Cast) -> dict[str, Any]:
    names = {user: name for name, user in cast.users.items()}
    out: dict[str, Any] = {"who": "x", "who.id": str(who), "who.label": "x"}
    for name, to in plan.items():
        out |= {f"to_{name}": names[to], f"to_{name}.id": str(to), f"to_{name}.label": names[to]}
    return out


def places(who: UUID) -> dict[str, Any]:
    """What somebody is to others."""
    linked = "SELECT source_id, field, target_id FROM gx_link WHERE object = 'pool' AND field IN ('admins', 'people', 'allot_to') ORDER BY source_id, field, position"
    return {
        "pools": [row[1] for row in raw(linked) if row[2] == who],
        "heads": raw("SELECT name FROM gx_department WHERE head_id = %s ORDER BY name", [who]),
        "reports": raw("SELECT name FROM gx_user WHERE superior_id = %s ORDER BY name", [who]),
        "teams": raw("SELECT record_id, level, until FROM gx_team_member WHERE user_id = %s ORDER BY record_id", [who]),
    }


def test_what_somebody_is_to_others_goes_over_and_comes_back(desk: Cast) -> None:
    """Pools they run, the department they head, who reports to them, the teams they are in."""
    admin, leaver, heir, above = desk.actor("admin"), desk.users["manager"], desk.users["outsider"], desk.users["executive"]
    door.perform("user", "update", actor=admin, id=leaver, changes={"superior": str(above)})
    for name in ("owner", "outsider"):
        door.perform("user", "update", actor=admin, id=desk.users[name], changes={"superior": str(leaver)})
    both = {"admins": [str(leaver), str(desk.users["admin"])], "people": [str(heir), str(leaver)], "allot_to": [str(leaver)]}
    create(admin, "pool", name="交接公海", object_name="customer", kind="visible", **both)
    owner = desk.actor("owner")
    first, second, third = (create(owner, "customer", name=f"团队客户 {n}") for n in range(3))
    for record, level in ((first, "write"), (second, "read"), (third, "read")):
        door.perform("customer", "share", actor=owner, id=record, inputs={"user": str(leaver), "level": level})
    door.perform("customer", "share", actor=owner, id=first, inputs={"user": str(heir), "level": "read"})
    door.perform("customer", "assign", actor=owner, id=third, changes={"owner": str(heir)})
    before = places(leaver), places(heir)
    assert [(post.key, n) for post, n in leaving.posts(admin, leaver)] == [("pool.admins", 1), ("pool.people", 1), ("department.head", 1), ("user.superior", 2), ("team", 3)]
    page = words(Browser("admin").read(f"/settings/handover?user={leaver}"))
    assert "公海管理员（1）" in page and "部门主管（1）" in page and "直属下级（2）" in page and "团队成员（3）" in page
    plan = {post.key.replace(".", "_of_"): heir for post in leaving.POSTS}
    answer = Browser("admin").post("/settings/handover", _form(leaver, plan, desk))
    job = answer.headers["Location"].rpartition("/")[2]
    work()
    told = tasks.job(admin, job)
    assert (told["state"], told["outcome"]["moved"], told["outcome"]["kept"]) == ("done", 8, 0)
    assert places(leaver) == {"pools": [], "heads": [], "reports": [], "teams": []}
    assert places(heir) == {
        "pools": ["admins", "allot_to", "people"], "heads": [("销售部",)], "reports": [("王伟",)],
        "teams": sorted([(first, "write", None), (second, "read", None)]),
    }  # fmt: skip
    assert raw("SELECT superior_id FROM gx_user WHERE id = %s", [heir]) == [(above,)], "nobody is their own superior"
    tasks.start_undo(admin, job)
    work()
    assert (places(leaver), places(heir)) == before


def test_switching_somebody_off_asks_for_successors(desk: Cast) -> None:
    admin, mate, owner = desk.actor("admin"), desk.users["teammate"], desk.actor("owner")
    record = create(desk.actor("teammate"), "customer", name="要交接的")
    browser = Browser("admin")
    url = f"/users/{mate}/edit"
    page = browser.read(url)
    with pytest.raises(Invalid):
        door.perform("user", "update", actor=admin, id=desk.users["admin"], changes={"active": False})
    form = inputs(page)
    form["active"] = ["false"]
    answer = browser.post(url, form)
    assert answer.status_code == 302 and answer.headers["Location"] == f"/settings/handover?user={mate}"
    page = words(browser.read(answer.headers["Location"]))
    assert "名下还有客户 1" in page and "客户（1 条）" in page
    before = events()
    mine = create(owner, "customer", name="不能给停用的人")
    for verb, changes in (("assign", {"owner": str(mate)}), ("update", {"owner": str(mate)})):
        with pytest.raises(Invalid) as refused:
            door.perform("customer", verb, actor=admin, id=mine, changes=changes)
        assert [(error.field, error.code) for error in refused.value.errors] == [("owner", "inactive")]
    with pytest.raises(Invalid):
        create(admin, "customer", name="也不能新建给他", owner=str(mate))
    assert events() == before + 1
    door.perform("customer", "update", actor=admin, id=record, changes={"short_name": "仍可修改"})
    again = door.perform("user", "update", actor=admin, id=mate, changes={"active": True})
    assert again.warnings == ()
    off = door.perform("user", "update", actor=admin, id=mate, changes={"active": False})
    assert [(field, "/settings/handover" in text.en) for field, text in off.warnings] == [("active", True)]
    door.perform("user", "update", actor=admin, id=mate, changes={"active": True})


def test_nobody_else_is_asked_and_nonsense_changes_nothing(desk: Cast) -> None:
    mine, boss, english = Browser("owner"), Browser("admin"), Browser("admin", "en")
    owner, admin, before = desk.users["owner"], desk.actor("admin"), events()
    assert mine.get("/settings/handover").status_code == 404
    assert mine.post("/settings/handover", _form(owner, {"customer": desk.users["junior"]}, desk)).status_code == 404
    for plan in ({}, {"activity": desk.users["junior"]}, {"customer": owner}):
        with pytest.raises(Invalid):
            tasks.start_handover(admin, owner, plan)
    page = boss.post("/settings/handover", _form(owner, {}, desk))
    assert page.status_code == 422 and "接手人" in words(html.unescape(page.content.decode()))
    assert events() == before and re.search(r"/settings/handover", english.read("/settings"))


def test_who_is_deactivated_as_well_signs_in_no_more(desk: Cast) -> None:
    junior = desk.users["junior"]
    assert Browser("junior").get("/customers").status_code == 200
    answer = Browser("admin").post("/settings/handover", _form(junior, {}, desk) | {"close": "1", "was.close": ""})
    assert answer.status_code == 302
    assert raw("SELECT active FROM gx_user WHERE id = %s", [junior]) == [(False,)]
