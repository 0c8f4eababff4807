"""A grading rule on the pages: its conditions in a form, the trial before it is switched on, and why on the record."""

from __future__ import annotations

import re
from uuid import UUID

from guanxi.kernel import jobs, lookup
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, reading, telling
from guanxi.kernel.records.finding import search
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.kernel.test_grading import NIGHT, ago
from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser, words

DESK = system(DEFAULT_WORKSPACE, via="test")


def test_a_rule_is_tried_then_switched_on_and_tells_why(cast):
    one = create(DESK, "prospect", name="常来往", owner=cast.users["owner"])
    create(DESK, "prospect", name="没来往", owner=cast.users["owner"])
    for _ in range(2):
        create(DESK, "call", name="拜访", prospect=one, kind="visit", on=ago(1))
    admin = Browser("admin")
    rule = create(cast.actor("admin"), "grade_rule", name="常客", name_en="Regulars", subject="prospect.level")
    page = f"/grade_rules/{rule}/terms"
    assert page in admin.read(f"/grade_rules/{rule}")
    line = {"what.0": "call.prospect|count|", "op.0": ">=", "value.0": "2", "where.0": "kind = visit", "at.0": "call.prospect|on", "days.0": "30"}
    typed = {"value": "b", "where": "", "any": "0", **line}
    tried = admin.post(page, {**typed, "do": "try"})
    assert tried.status_code == 200
    said = words(tried.content.decode())
    assert "今晚将改变 1 个苗头" in said and "甲 → 乙" in said and "近 30 天联系数 2 ≥ 2" in said and "规则“常客”" not in said
    assert admin.post(page, {**typed, "value.0": "zwei", "do": "try"}).status_code == 422
    assert admin.post(page, {**typed, "where": "没有 = 1", "do": "on"}).status_code == 422
    assert not reading.get("grade_rule", rule, actor=DESK)["active"]
    assert admin.post(page, {**typed, "do": "on"}).status_code == 302
    row = reading.get("grade_rule", rule, actor=DESK)
    assert row["active"] and row["settings"]["figures"] == [{"of": "call.prospect", "measure": "count", "op": ">=", "value": "2", "where": "kind = visit", "at": "on", "days": 30}]
    assert 'value="kind = visit"' in admin.read(page)
    assert jobs.grade(NIGHT) == 1
    assert "规则“常客”：近 30 天联系数 2 ≥ 2" in words(Browser("owner").read(f"/prospects/{one}"))
    english = Browser("owner", "en")
    english.post("/language", {"language": "en"})
    assert "Rule “Regulars”: Call count in 30 days 2 ≥ 2" in words(english.read(f"/prospects/{one}?tab=history"))
    assert Browser("manager").get(page).status_code == 403


def test_what_came_with_the_program_is_called_in_the_readers_language(cast):
    admin = cast.actor("admin")
    rule = reading.query("grade_rule", actor=admin, where="name_en not empty", fields=["name", "name_en"], limit=1).rows[0]
    chinese, english = Browser("admin"), Browser("admin", "en")
    english.post("/language", {"language": "en"})
    for address in ("/grade_rules", f"/grade_rules/{rule['id']}"):
        assert rule["name_en"] in english.read(address), address
    assert rule["name"] not in english.read("/grade_rules") and rule["name"] in chinese.read("/grade_rules")
    assert f'value="{rule["name"]}"' in english.read(f"/grade_rules/{rule['id']}/edit"), "what is edited is what is kept"
    door.perform("grade_rule", "update", actor=admin, id=rule["id"], changes={"name": "我们的规则", "name_en": None})
    assert "我们的规则" in english.read("/grade_rules"), "renamed by people, it is called so"
    customer = door.perform("customer", "create", actor=admin, changes={"name": "语言公司"}).id
    deal = door.perform("opportunity", "create", actor=admin, changes={"name": "语言单", "customer": customer}).id
    stage = {way: reading.get("opportunity", deal, actor=admin.through("web", language=way), fields=["stage", "pipeline"]) for way in ("zh-CN", "en")}
    assert re.search("[\u4e00-\u9fff]", stage["zh-CN"]["stage"]["label"]) and not re.search("[\u4e00-\u9fff]", stage["en"]["stage"]["label"] + stage["en"]["pipeline"]["label"])
    held = UUID(str(stage["en"]["stage"]["id"]))
    for way in ("zh-CN", "en"):
        asked = admin.through("web", language=way)
        label = stage[way]["stage"]["label"]
        assert reading.names({"stage": [held]}, actor=asked) == {held: label}
        groups = reading.aggregate("opportunity", actor=asked, where=f"id = {deal}", group_by=["stage"], measures=["count"]).rows
        assert [(row["stage"]["label"], row["count"]) for row in groups] == [(label, 1)]
        assert [hit.title for hit in search(stage["zh-CN"]["stage"]["label"], actor=asked, objects=["stage"]) if hit.id == held] == [label]
        made = next(one for one in telling.history("opportunity", deal, actor=asked) if one.verb == "create")
        assert made.changes["stage"][1]["label"] == label
        assert label in {one.label for one in reading.latest(["stage"], actor=asked, limit=50)}
    for address in ("/opportunities?view=board", f"/opportunities/{deal}", "/opportunities/new"):
        page = english.read(address)
        assert "Negotiation" in page and "商务谈判" not in page, address
        assert "商务谈判" in chinese.read(address) and "Negotiation" not in chinese.read(address), address
    named = lookup.records(admin, "stage", ["Negotiation", "商务谈判"])
    assert named["Negotiation"][0].id == named["商务谈判"][0].id, "files name it in either language"
