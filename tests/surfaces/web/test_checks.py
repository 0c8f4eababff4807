"""The self-check says how things stand, and what to do."""

from __future__ import annotations

import pytest

from guanxi.base.errors import NotFound
from guanxi.kernel import self_check
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import protect, sql, tables
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def state(cast, label):
    return next(one for one in self_check.items(cast.actor("admin"), secure=False) if one.label.zh == label)


def test_only_who_may_read_the_rules_sees_how_things_stand(cast):
    assert Browser("owner").get("/settings/checks").status_code == 404
    with pytest.raises(NotFound):
        self_check.items(cast.actor("owner"), secure=True)
    page = words(Browser("admin").read("/settings/checks"))
    assert "默认账号 “admin”仍在使用 另建管理员账号" in page and "未加密的 HTTP" in page and "行级安全 齐全" in page
    english = Browser("admin", "en")
    english.post("/language", {"language": "en"})
    assert "Row-level security In place" in words(english.read("/settings/checks"))
    english.post("/language", {"language": "zh-CN"})


def test_what_is_mended_is_said_to_be_in_order(cast):
    admin = cast.actor("admin")
    record = reading.query("security", actor=admin, fields=["id"]).rows[0]["id"]
    assert not any(state(cast, label).fine for label in ("超时自动退出", "密码复杂度", "两步验证", "密码定期更换"))
    door.perform("security", "update", actor=admin, id=record, changes={"idle_minutes": 30, "password_length": 12, "password_days": 90})
    assert all(state(cast, label).fine for label in ("超时自动退出", "密码复杂度", "密码定期更换"))
    assert state(cast, "两步验证").state.zh == "0/9 个账号已开启"
    door.perform("security", "update", actor=admin, id=record, changes={"idle_minutes": None, "password_length": None, "password_days": None})


def test_a_missing_guard_is_seen(cast):
    assert state(cast, "日志不可删改").fine and state(cast, "行级安全").fine
    sql.script("DROP TRIGGER gx_keep ON gx_log")
    assert not state(cast, "日志不可删改").fine
    protect.apply()
    assert state(cast, "日志不可删改").fine


def test_tokens_without_an_end_are_counted(cast):
    before = state(cast, "访问令牌").state.zh
    cast.token("owner")
    assert state(cast, "访问令牌").fine, "new ones have an end"
    tables.Token.objects.update(expires_at=None)  # as those had that were made before
    assert (before, state(cast, "访问令牌").state.zh) == ("0 个令牌没有期限", "1 个令牌没有期限")


def test_who_answers_for_personal_data_is_asked_for(cast):
    admin = cast.actor("admin")
    assert not state(cast, "个人信息保护负责人").fine and state(cast, "个人信息请求").fine
    rules = reading.query("privacy_rules", actor=admin, fields=["id"]).rows[0]["id"]
    door.perform("privacy_rules", "update", actor=admin, id=rules, changes={"officer": "郑负责"})
    door.perform("subject_request", "create", actor=admin, changes={"kind": "know", "name": "人", "received_on": "2026-01-05"})
    assert state(cast, "个人信息保护负责人").state.zh == "郑负责" and state(cast, "个人信息请求").state.zh == "1 件逾期"
