"""From a lead to a won deal through the API, with every illegal step refused on every way in."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from django.test import Client

from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, reading
from guanxi.kernel.records.door import Item
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast


class Caller:
    """Somebody using the API with a token."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en", "Prefer": "return=representation"})

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(method, f"/api/v1/{path}", json.dumps(body) if body is not None else "", "application/json")
        return answer.status_code, json.loads(answer.content) if answer.content else None


def events() -> int:
    with sql.work(DEFAULT_WORKSPACE):
        return journal.count(DEFAULT_WORKSPACE)


@pytest.fixture(scope="module")
def sales(cast: Cast) -> Caller:
    return Caller(cast.token("owner"))


def test_the_whole_way(cast: Cast, sales: Caller) -> None:
    status, made = sales("POST", "leads", {"name": "云山展会", "company": "云山科技有限公司", "person": "何欢", "phones": "13800138000"})
    assert status == 201, made
    lead = made["id"]
    status, noted = sales("POST", "activities", {"kind": "phone", "content": "约了下周演示", "lead": lead})
    assert status == 201, noted

    before = events()
    status, done = sales("POST", f"leads/{lead}/convert", {"inputs": {"with_opportunity": True, "amount": "52000"}})
    assert status == 200, done
    opportunity = done["output"]["opportunity"]
    customer = done["output"]["customer"]
    told = sales("GET", f"customers/{customer}/timeline")[1]["rows"]
    assert {"lead", "activity", "contact", "opportunity", "customer"} <= {event["object"] for event in told}
    # lead, customer, contact, opportunity, its stage history, the follow-up that came along, and the last contact of
    # customer and opportunity, which it now tells
    assert events() == before + 8
    assert sales("POST", f"leads/{lead}/convert", {})[0] == 422

    stages = {row["key"]: row["id"] for row in sales("GET", "stages?fields=key,name&limit=50")[1]["rows"]}
    first = sales("GET", f"opportunities/{opportunity}")[1]
    assert first["result"] == "open" and first["stage"]["id"] == stages["contact"]

    before = events()
    illegal = stages["negotiation"]
    refused = [
        sales("POST", f"opportunities/{opportunity}/move", {"inputs": {"stage": illegal}})[0],
        sales("PATCH", f"opportunities/{opportunity}", {"stage": illegal})[0],
        sales("POST", f"opportunities/{opportunity}/win", {"changes": {"won_reason": "x"}})[0],
    ]
    assert refused == [422, 422, 422]
    bulk = sales("POST", "opportunities/bulk", {"verb": "update", "ids": [opportunity], "changes": {"stage": illegal}})[1]
    assert bulk["results"][0]["ok"] is False and bulk["results"][0]["problem"]["status"] == 422
    imported = door.perform_many(
        "opportunity", "update", [Item(door.parse_id(opportunity), {"stage": illegal})], actor=cast.actor("owner").through("import")
    )
    assert [type(outcome).__name__ for outcome in imported] == ["Invalid"]
    assert events() == before
    assert sales("GET", f"opportunities/{opportunity}")[1]["version"] == first["version"]

    status, moved = sales("POST", f"opportunities/{opportunity}/move", {"inputs": {"stage": stages["needs"]}, "changes": {"needs": "CRM"}})
    assert status == 200, moved
    steps = [("quote", {"amount": "50000", "expected_close": "2027-01-31"}), ("negotiation", {})]
    for key, changes in steps:
        status, moved = sales("POST", f"opportunities/{opportunity}/move", {"inputs": {"stage": stages[key]}, "changes": changes})
        assert status == 200, moved
    before = events()
    status, won = sales("POST", f"opportunities/{opportunity}/win", {"changes": {"won_reason": "服务好", "amount": "48000"}})
    assert status == 200, won
    # the deal, the end of the stage before, the new stage, the customer's last won day
    assert events() == before + 4
    assert won["record"]["result"] == "won" and won["record"]["win_rate"] == "100.00"

    history = sales("GET", f"stage_histories?where=opportunity = {opportunity}&sort=entered_at&fields=to_stage,entered_at,left_at,seconds")[1]["rows"]
    assert [row["to_stage"]["label"] for row in history] == ["First contact", "Needs confirmed", "Proposal", "Negotiation", "Won"]
    assert all(row["left_at"] == after["entered_at"] for row, after in itertools.pairwise(history))
    assert history[-1]["left_at"] is None

    figures = sales("POST", "opportunities/aggregate", {"where": "result = won", "group_by": ["owner"], "measures": ["count", "sum:amount"]})[1]
    assert [(row["owner"]["label"], row["count"], row["sum:amount"]) for row in figures["rows"]] == [("王伟", 1, "48000.00")]
    behind = reading.query("opportunity", actor=cast.actor("owner"), where=figures["rows"][0]["where"], count="exact")
    assert behind.count == 1
