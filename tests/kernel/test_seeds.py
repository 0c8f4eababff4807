"""What a workspace starts with is sown again at each upgrade: administrators' own work stays as they left it."""

from __future__ import annotations

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel import setup
from guanxi.kernel.access.actor import system
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import state

DESK = system(DEFAULT_WORKSPACE, via="test")


def _one(name: str, where: str) -> dict:
    (row,) = reading.query(name, actor=DESK, where=where).rows
    return row


def test_sowing_again_changes_nothing(cast: Cast) -> None:
    before = state()
    setup.seed(DEFAULT_WORKSPACE)
    assert state() == before


def test_what_was_deleted_or_renamed_stays_so(cast: Cast) -> None:
    admin = cast.actor("admin")
    gone, kept = _one("dictionary_entry", "dictionary.key = customer_source and key = exhibition"), _one("role", "key = sales")
    door.perform("dictionary_entry", "delete", actor=admin, id=gone["id"])
    door.perform("role", "update", actor=admin, id=kept["id"], changes={"name": "客户代表"})
    before = state()
    setup.seed(DEFAULT_WORKSPACE)
    assert state() == before


def test_a_new_right_reaches_the_roles_nobody_changed(cast: Cast) -> None:
    """As an older version left them: without the right to print, and one of them changed by the company."""
    before = system(DEFAULT_WORKSPACE, via="setup")
    def role_of(key: str) -> dict:
        (row,) = reading.query("role", actor=DESK, where=f"key = {key}", fields=["grants"]).rows
        return row

    roles = {key: role_of(key) for key in ("executive", "finance")}

    def without(grants: dict) -> dict:
        return {name: {**grant, "verbs": [verb for verb in grant["verbs"] if verb != "print"]} for name, grant in grants.items()}

    for role in roles.values():
        door.perform("role", "update", actor=before, id=role["id"], changes={"grants": without(role["grants"])})
    own = without(roles["finance"]["grants"]) | {"lead": {"verbs": ["read"], "read": "own", "write": "own"}}
    door.perform("role", "update", actor=cast.actor("admin"), id=roles["finance"]["id"], changes={"grants": own})
    setup.seed(DEFAULT_WORKSPACE)
    assert role_of("executive")["grants"] == roles["executive"]["grants"] and "print" in roles["executive"]["grants"]["customer"]["verbs"]
    assert role_of("finance")["grants"] == own
    after = state()
    setup.seed(DEFAULT_WORKSPACE)
    assert state() == after


def test_a_key_stays_as_it_was_made(cast: Cast) -> None:
    admin = cast.actor("admin")
    for name in ("role", "dictionary", "dictionary_entry"):
        one = reading.query(name, actor=admin, where="key is not empty", fields=["name", "key"], limit=1).rows[0]
        before = state()
        with pytest.raises(Invalid) as caught:
            door.perform(name, "update", actor=admin, id=one["id"], changes={"key": "another"})
        assert [(e.field, e.code) for e in caught.value.errors] == [("key", "fixed")]
        assert state() == before


def test_a_name_an_administrator_gave_does_not_stop_an_upgrade(cast: Cast) -> None:
    door.perform("role", "create", actor=cast.actor("admin"), changes={"name": "仓库主管"})
    desk = setup.Desk(DESK)
    made = desk.ensure("role", {"key": "yard"}, {"name": "仓库主管", "name_en": "Yard"})
    assert reading.get("role", made, actor=DESK)["name"] == "仓库主管 (yard)"
    assert desk.ensure("role", {"key": "yard"}, {"name": "仓库主管"}) == made
