"""The question for duplicates by the API."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from tests.cast import Cast


def post(cast: Cast, who: str, address: str, body: Any) -> Any:
    return Client().post(f"/api/v1/{address}", json.dumps(body), content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {cast.token(who)}")


def test_duplicates_are_asked_for_and_warned_of(cast: Cast) -> None:
    made = post(cast, "owner", "customers", {"name": "上海云帆物流有限公司", "credit_code": "913102306305833353"})
    assert made.status_code == 201
    rows = post(cast, "outsider", "customers/duplicates", {"values": {"name": "云帆物流（上海）公司"}}).json()["rows"]
    assert [(row["id"], row["title"], row["owner"], row["state"], row["effect"]) for row in rows] == [(None, "上海云帆物流有限公司", "王伟", "others", "warn")]
    own = made.json()["id"]
    assert post(cast, "owner", "customers/duplicates", {"values": {"name": "云帆物流"}}).json()["rows"][0]["id"] == own
    assert post(cast, "owner", "customers/duplicates", {"values": {"name": "云帆物流"}, "id": own}).json()["rows"] == []
    again = post(cast, "outsider", "customers", {"name": "云帆物流"})
    assert again.status_code == 201
    assert [one["field"] for one in again.json()["warnings"]] == ["name"]
    refused = post(cast, "outsider", "customers", {"name": "另一家", "credit_code": "913102306305833353"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "duplicate"


def test_wrong_questions(cast: Cast) -> None:
    assert post(cast, "owner", "customers/duplicates", {}).status_code == 422
    assert post(cast, "owner", "customers/duplicates", {"values": {"grade": "vip"}}).status_code == 422
    assert post(cast, "owner", "customers/duplicates", {"values": {}, "id": "x"}).status_code == 422
    assert post(cast, "owner", "tasks/duplicates", {"values": {}}).status_code == 404
    assert post(cast, "nobody", "customers/duplicates", {"values": {"name": "云帆物流"}}).status_code == 404


def test_merging_and_undoing_are_actions_like_any_other(cast: Cast) -> None:
    a, b = (post(cast, "owner", "customers", {"name": name}).json()["id"] for name in ("丽水青瓷有限公司", "青瓷（丽水）"))
    contact = post(cast, "owner", "contacts", {"name": "周经理", "customer": b}).json()["id"]
    wrong = post(cast, "owner", f"customers/{a}/merge", {"inputs": {"others": [b], "fields": {"name": contact}}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "name")
    assert post(cast, "outsider", f"customers/{a}/merge", {"inputs": {"others": [b]}}).status_code == 404
    done = post(cast, "owner", f"customers/{a}/merge", {"inputs": {"others": [b], "fields": {"name": b}}}).json()
    assert (done["output"]["moved"], done["output"]["merge"]) == (1, done["version"])
    back = post(cast, "owner", f"customers/{a}/unmerge", {"inputs": {"merge": done["version"]}}).json()
    assert (back["output"]["others"], back["output"]["kept"], back["warnings"]) == ([b], [], [])
    assert post(cast, "owner", f"customers/{a}/unmerge", {}).status_code == 409


def test_a_merged_record_names_what_it_became_to_who_may_read_that(cast: Cast) -> None:
    a, b = (post(cast, "owner", "customers", {"name": name}).json()["id"] for name in ("龙泉宝剑有限公司", "宝剑（龙泉）"))
    done = post(cast, "owner", f"customers/{a}/merge", {"inputs": {"others": [b]}}).json()

    def get(who: str, address: str) -> Any:
        return Client().get(f"/api/v1/{address}", HTTP_AUTHORIZATION=f"Bearer {cast.token(who)}")

    gone = get("owner", f"customers/{b}")
    assert (gone.status_code, gone.json()["type"], gone["Location"]) == (410, "urn:guanxi:problem:merged", f"/api/v1/customers/{a}")
    assert get("outsider", f"customers/{b}/history").status_code == 404
    before = get("owner", f"customers/{a}").json()["version"]
    changed = Client().patch(f"/api/v1/customers/{b}", json.dumps({"name": "不该改"}), content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {cast.token('owner')}")
    assert changed.status_code == 410 and post(cast, "owner", f"customers/{b}/lock", {}).status_code == 410
    assert get("owner", f"customers/{a}").json()["version"] == before, "what is asked of the one is not done to the other"
    unknown = get("outsider", f"customers/{b}")
    assert unknown.status_code == 404 and "Location" not in unknown and get("outsider", f"customers/{a}").status_code == 404
    post(cast, "owner", f"customers/{a}/unmerge", {"inputs": {"merge": done["version"]}})
    assert get("owner", f"customers/{b}").json()["name"] == "宝剑（龙泉）"
