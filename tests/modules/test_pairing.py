"""The standing inbox: which pairs are found, what is remembered, who sees them; and nothing is merged by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.kernel import jobs
from guanxi.kernel.catalog.pairs import NAME
from guanxi.kernel.records import door, merging, pairing, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import create, raw, refused

CODES = ("91320500MA2EXAMP18", "91320500MA2EXAMP7T")


def look(name: str = "customer", **how: Any) -> pairing.Pass:
    return pairing.look_through(DEFAULT_WORKSPACE, name, **how)


def pairs(actor: Any, where: str = "state = open") -> dict[frozenset[str], tuple[int, list[str]]]:
    """The pairs an actor sees, by the names of their records."""
    rows = reading.query(NAME, actor=actor, where=where, fields=["object_name", "record", "other", "score", "agrees"], limit=200).rows
    known = reading.names({"customer": [UUID(row[side]) for row in rows for side in ("record", "other") if row["object_name"] == "customer"]}, actor=actor)
    return {frozenset(known[UUID(row[side])] for side in ("record", "other")): (row["score"], row["agrees"]) for row in rows if row["object_name"] == "customer"}


def pair_of(a: UUID, b: UUID) -> UUID:
    return raw("SELECT id FROM gx_duplicate_pair WHERE record = %s AND other = %s AND deleted_at IS NULL", [str(min(a, b)), str(max(a, b))])[0][0]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def stock(cast: Cast) -> dict[str, UUID]:
    owner = cast.actor("owner")
    made: dict[str, Any] = {
        "a": {"name": "北京晴川仪表有限责任公司", "phones": ["010-60606666"]}, "b": {"name": "晴川仪表（北京）", "phones": ["(010) 6060 6666"]},
        "near": {"name": "晴天仪表有限公司"}, "sound": {"name": "情川仪表公司"},
        "one": {"name": "苏州明湖精密仪器有限公司", "credit_code": CODES[0], "phones": ["0512-65550100"]},
        "two": {"name": "苏州明河精密仪器有限公司", "credit_code": CODES[1], "phones": ["0512-65550100"]},
        "here": {"name": "南京宏达泵业有限公司"}, "there": {"name": "苏州宏达泵业有限公司"},
        "site": {"name": "绿洲园艺", "website": "https://www.lvzhou.cn", "email": "a@lvzhou.cn"}, "siteb": {"name": "绿州园艺中心", "website": "http://lvzhou.cn/about"},
        **{f"tenant{n}": {"name": f"园区租户{'甲乙丙丁戊己庚辛壬癸子丑寅卯'[n]}号店", "phones": ["021-55550000"]} for n in range(14)},
    }  # fmt: skip
    return {key: create(owner, "customer", **values) for key, values in made.items()}


def test_what_is_found_and_how_sure(cast: Cast, stock: dict[str, UUID]) -> None:
    before = raw("SELECT count(*), max(version::text) FROM gx_customer WHERE deleted_at IS NULL")
    done = look()
    assert (done.looked, done.over) == (len(stock), True)
    assert pairs(cast.actor("owner")) == {
        frozenset(("北京晴川仪表有限责任公司", "晴川仪表（北京）")): (92, ["name.normal", "phones.exact"]),
        frozenset(("北京晴川仪表有限责任公司", "情川仪表公司")): (50, ["name.fuzzy"]),
        frozenset(("晴川仪表（北京）", "情川仪表公司")): (50, ["name.fuzzy"]),
    }  # fmt: skip
    assert raw("SELECT count(*), max(version::text) FROM gx_customer WHERE deleted_at IS NULL") == before, "nothing is merged, nothing is touched"


def test_a_pass_looks_at_what_changed_since(cast: Cast, stock: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    later = datetime.now(UTC) + timedelta(hours=3)
    assert look(now=later).looked == len(stock), "within the margin all are looked at again"
    assert look(now=later + timedelta(hours=3)).looked == 0
    assert len(pairs(owner)) == 3
    # A rule that changes has everything looked at anew.
    rule = raw("SELECT id FROM gx_duplicate_rule WHERE name = '名称相近或网址相同' AND deleted_at IS NULL")[0][0]
    door.perform("duplicate_rule", "update", actor=cast.actor("system"), id=rule, changes={"enabled": False})
    assert look().looked == len(stock)
    assert list(pairs(owner)) == [frozenset(("北京晴川仪表有限责任公司", "晴川仪表（北京）"))], "what no rule finds any more goes"
    door.perform("duplicate_rule", "update", actor=cast.actor("system"), id=rule, changes={"enabled": True})
    look()
    assert len(pairs(owner)) == 3


def test_a_pass_goes_on_where_it_was_broken_off(cast: Cast, stock: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "PART", 10)
    raw("DELETE FROM gx_scan")
    seen: list[int] = []
    done = look(after=lambda part: seen.append(part.looked), cancelled=lambda: len(seen) == 2)
    assert (done.looked, done.over, seen) == (20, False, [10, 20])
    assert pairing.due(DEFAULT_WORKSPACE, "customer", datetime.now(UTC))
    assert look().looked == len(stock) - 20
    assert len(pairs(cast.actor("owner"))) == 3


def test_a_night_has_one_pass(cast: Cast, stock: dict[str, UUID]) -> None:
    jobs.find_duplicates()
    finished = raw("SELECT finished FROM gx_scan WHERE object = 'customer'")[0][0]
    day = finished.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    asked = [pairing.due(DEFAULT_WORKSPACE, "customer", at) for at in (finished, day - timedelta(hours=7), day - timedelta(hours=4))]
    assert asked == [False, False, True], "01:00 is too early, 04:00 is night (China is eight hours ahead)"


def test_who_sees_a_pair(cast: Cast, stock: dict[str, UUID]) -> None:
    theirs = create(cast.actor("teammate"), "customer", name="晴川仪表股份公司")
    look()
    both = frozenset(("晴川仪表（北京）", "晴川仪表股份公司"))
    assert both in pairs(cast.actor("manager")) and both in pairs(cast.actor("admin"))
    for who in ("owner", "teammate"):
        assert both not in pairs(cast.actor(who)), "one of the records is out of sight"
    with pytest.raises(NotFound):
        pairs(cast.actor("nobody"))
    for who in ("executive", "outsider"):  # reads all and may merge nothing; may merge and sees neither
        assert pairs(cast.actor(who)) == {}
    id = pair_of(stock["b"], theirs)
    for who in ("owner", "outsider"):
        with refused(NotFound):
            door.perform(NAME, "dismiss", actor=cast.actor(who), id=id)
    with refused(Forbidden):
        door.perform(NAME, "create", actor=cast.actor("admin"), changes={"object_name": "customer", "record": str(theirs), "other": str(stock["a"])})
    with refused(Invalid, "record:unknown"):
        door.perform(NAME, "create", actor=cast.actor("system"), changes={"object_name": "customer", "record": str(theirs), "other": str(theirs)})
    door.perform("customer", "delete", actor=cast.actor("teammate"), id=theirs)
    assert both not in pairs(cast.actor("manager")), "what lies in the bin has no duplicates"


def test_a_dismissed_pair_stays_dismissed_until_somebody_takes_it_back(cast: Cast, stock: dict[str, UUID]) -> None:
    owner, both = cast.actor("owner"), frozenset(("北京晴川仪表有限责任公司", "晴川仪表（北京）"))
    id = pair_of(stock["a"], stock["b"])
    door.perform(NAME, "dismiss", actor=owner, id=id)
    door.perform("customer", "update", actor=owner, id=stock["a"], changes={"phones": ["010-60606666", "13800138000"], "website": "https://www.qc.cn"})
    look()
    assert both not in pairs(cast.actor("owner"))
    assert both in pairs(cast.actor("manager"), "state = dismissed")
    door.perform(NAME, "reopen", actor=owner, id=id)
    assert pairs(cast.actor("owner"))[both] == (92, ["name.normal", "phones.exact"])
    door.perform(NAME, "postpone", actor=owner, id=id)
    row = reading.get(NAME, id, actor=owner, fields=["state", "until", "decided_by"])
    assert (row["state"], row["decided_by"]["id"]) == ("later", cast.users["owner"]) and row["until"] is not None
    with refused(Invalid, "until:past"):
        door.perform(NAME, "postpone", actor=owner, id=id, inputs={"until": "2020-01-01"})
    door.perform(NAME, "reopen", actor=owner, id=id)


def test_merging_settles_a_pair_and_undoing_brings_it_back(cast: Cast, stock: dict[str, UUID]) -> None:
    owner = cast.actor("owner")
    found = pairs(owner)
    door.perform("customer", "merge", actor=owner, id=stock["a"], inputs={"others": [str(stock["b"])]})
    assert all("晴川仪表（北京）" not in both for both in pairs(owner))
    assert merging.survivor("customer", stock["b"], actor=owner) == stock["a"]
    door.perform("customer", "unmerge", actor=owner, id=stock["a"])
    assert pairs(owner) == found
