"""A grading rule on the pages: its conditions in a form, the trial before it is switched on, and why on the record."""

from __future__ import annotations

from guanxi.kernel import jobs
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import reading
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
