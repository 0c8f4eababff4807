"""POST /capture and /capture/accept, as a stranger meets them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast
from tests.kernel.tools import state
from tests.surfaces.api.test_api import Caller, problem

TEXT = "今天拜访了接口科技有限公司，联系人：石磊 13812349999，2099年1月7日上午10点再来谈"


@pytest.fixture
def owner(cast: Cast) -> Caller:
    return Caller(cast, "owner")


def accepted(proposal: dict[str, Any]) -> list[dict[str, Any]]:
    """The proposal's steps as they stand: values without their reasons."""
    keys = ("name", "object", "verb", "take", "record", "of", "links")
    return [{**{key: one[key] for key in keys}, "values": {name: v["value"] for name, v in one["values"].items() if v["value"] is not None}} for one in proposal["steps"]]


def test_a_text_becomes_records(cast: Cast, owner: Caller) -> None:
    answer = owner("post", "/capture", {"text": TEXT})
    assert answer.status_code == 200
    proposal = answer.json()
    assert (proposal["shape"], proposal["reader"], [one["name"] for one in proposal["steps"]]) == ("note", "rules", ["customer", "contact", "activity"])
    due = proposal["steps"][2]["values"]["next_contact_at"]
    assert (due["value"], [one["words"] for one in due["from"]]) == ("2099-01-07T10:00:00+08:00", ["2099年1月7日上午10点"])
    assert all(TEXT[one["start"] : one["end"]] == one["words"] for one in proposal["facts"])
    done = owner("post", "/capture/accept", {"steps": accepted(proposal)})
    assert done.status_code == 201, done.content
    made = {one["name"]: one for one in done.json()["records"]}
    assert {name: one["did"] for name, one in made.items()} == {"customer": "created", "contact": "created", "activity": "created"}
    activity = owner("get", f"/activities/{made['activity']['id']}").json()
    assert (activity["customer"]["id"], activity["contact"]["label"], activity["next_contact_at"]) == (made["customer"]["id"], "石磊", "2099-01-07T02:00:00Z")
    again = owner("post", "/capture", {"text": TEXT}).json()
    assert [one["record"] for one in again["steps"][:2]] == [made["customer"]["id"], made["contact"]["id"]]


def test_a_fault_in_one_step_undoes_all(owner: Caller) -> None:
    before = state()
    steps = [{"name": "customer", "object": "customer", "values": {"name": "半个有限公司"}}, {"name": "activity", "object": "activity", "values": {"content": ""}, "links": {"customer": "customer"}}]
    problem(owner("post", "/capture/accept", {"steps": steps}), 422, "invalid", "activity.content")
    assert state() == before


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("", {}, ["text"]), ("", {"text": 5}, ["text"]), ("", {"text": "x", "what": 1}, ["what"]), ("", {"text": "x", "reader": "no"}, ["reader"]), ("", {"text": "x", "reader": 5}, ["reader"]),
        ("", {"text": "长" * 20001}, ["text"]), ("/accept", {}, ["steps"]), ("/accept", {"steps": []}, ["steps"]), ("/accept", {"steps": [5]}, ["steps[0]"]),
        ("/accept", {"steps": [{"name": "a", "object": "customer", "record": "x"}]}, ["steps[0]"]), ("/accept", {"steps": [{"name": "a", "object": "customer", "links": {"a": 5}}]}, ["steps[0]"]),
        ("/accept", {"steps": [{"name": "a", "object": "customer", "wrong": 1}]}, ["steps[0].wrong"]), ("/accept", {"steps": [{"name": "a", "object": "customer", "take": False}]}, ["steps"]),
        ("/accept", {"steps": [{"name": f"s{n}", "object": "customer"} for n in range(21)]}, ["steps"]),
    ],
)  # fmt: skip
def test_what_is_malformed_is_told(owner: Caller, path: str, body: Any, fields: list[str]) -> None:
    before = state()
    problem(owner("post", f"/capture{path}", body), 422, "invalid", *fields)
    assert state() == before


@pytest.mark.parametrize(("verb", "status"), [("delete", 404), ("win", 404), ("update", 422)])
def test_only_creating_and_changing(owner: Caller, verb: str, status: int) -> None:
    before = state()
    assert owner("post", "/capture/accept", {"steps": [{"name": "a", "object": "customer", "verb": verb, "record": None, "values": {"name": "x"}}]}).status_code == status
    assert state() == before


def test_without_rights_there_is_no_step_and_no_way_in(cast: Cast) -> None:
    nobody = Caller(cast, "nobody")
    assert nobody("post", "/capture", {"text": TEXT}).json()["steps"] == []
    before = state()
    assert nobody("post", "/capture/accept", {"steps": [{"name": "a", "object": "customer", "values": {"name": "越权"}}]}).status_code in (403, 404)
    assert state() == before
    executive = Caller(cast, "executive")
    found = executive("post", "/capture", {"text": TEXT}).json()["steps"]
    assert all(one["new"] is False for one in found if one["object"] in ("customer", "contact"))
    problem(executive("post", "/capture/accept", {"steps": [{"name": "a", "object": "customer", "values": {"name": "越权"}}]}), 403, "forbidden")
    assert state() == before
