"""综合查询: lists and words in several objects at once, told why, and nothing found out that a list would not tell."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from guanxi.base.errors import Invalid, NotFound
from guanxi.kernel.records import door, inquiring, reading
from guanxi.kernel.records.inquiring import Asked, inquire
from guanxi.surfaces.web import inquiring as pages
from tests.cast import Cast
from tests.modules.conftest import Company
from tests.surfaces.web.browser import Browser, words


@pytest.fixture(scope="module")
def made(company: Company) -> dict[str, UUID]:
    owner = company.owner
    out = {
        "cable": owner.create("customer", name="无锡太湖电缆有限公司", phones=["13800138000"], credit_code="913102306305833353"),
        "wine": owner.create("customer", name="宿迁糖酒（集团）公司", phones=["0527-84390001"]),
        "far": company.outsider.create("customer", name="杭州西湖电缆有限公司", phones=["13700137000"]),
        "lead": owner.create("lead", name="展会线索", company="太湖电缆", phones=["13900139000"]),
    }
    out["contact"] = owner.create("contact", name="周建国", customer=out["wine"], phones=["13600136000"])
    out["deal"] = owner.create("opportunity", name="电缆二期采购", customer=out["cable"])
    return out


def told(answer: inquiring.Answer) -> dict[str, list[tuple[str, list[tuple[str, str]]]]]:
    return {group.object: sorted((row.title, [(why.field, why.word) for why in row.reasons]) for row in group.rows) for group in answer.groups}


def test_a_pasted_list_is_found_word_by_word_and_the_rest_named(company: Company, made: dict[str, UUID]) -> None:
    text = "无锡太湖电缆有限公司\r\n138 0013 8000\n宿迁糖酒(集团)公司\n13600136000\t913102306305833353\n没有这家公司\n13700137000\n太湖电缆\n"
    asked = inquiring.split(text, "exact")
    assert len(asked) == 8
    answer = inquire(Asked(asked, "exact", ["customer", "contact"]), actor=company.owner.actor())
    assert told(answer) == {
        "customer": [
            ("宿迁糖酒（集团）公司", [("name", "宿迁糖酒(集团)公司")]),
            ("无锡太湖电缆有限公司", [("name", "无锡太湖电缆有限公司"), ("credit_code", "913102306305833353"), ("phones", "138 0013 8000")]),
        ],
        "contact": [("周建国", [("phones", "13600136000")])],
    }
    assert answer.missing == ["没有这家公司", "13700137000", "太湖电缆"] and answer.unsure == [], "somebody else's is as if it were not"
    listed = reading.query("customer", actor=company.owner.actor(), where=answer.groups[0].where, fields=["name"]).rows
    assert {row["id"] for row in listed} == {made["cable"], made["wine"]}


def test_similar_names_are_found_nearly(company: Company, made: dict[str, UUID]) -> None:
    answer = inquire(Asked(["太胡电缆", "无锡市太湖电缆集团", "西湖龙井茶"], "fuzzy", ["customer", "lead"]), actor=company.owner.actor())
    assert [title for title, _ in told(answer)["customer"]] == ["无锡太湖电缆有限公司"] and [title for title, _ in told(answer)["lead"]] == ["展会线索"]
    assert answer.missing == ["西湖龙井茶"]
    assert told(inquire(Asked(["西湖电缆"], "fuzzy", ["customer"]), actor=company.outsider.actor()))["customer"][0][0] == "杭州西湖电缆有限公司"


def test_words_together_in_chosen_fields_and_without_others(company: Company, made: dict[str, UUID]) -> None:
    me = company.owner.actor()
    both = inquire(Asked(["电缆", "无锡"], "all", ["customer", "opportunity"]), actor=me)
    assert [title for title, _ in told(both)["customer"]] == ["无锡太湖电缆有限公司"] and "opportunity" not in told(both)
    some = inquire(Asked(["糖酒", "电缆", "火星"], "any"), actor=me)
    assert {name: len(rows) for name, rows in told(some).items()} == {"customer": 2, "lead": 1, "opportunity": 1} and some.missing == ["火星"]
    less = inquire(Asked(["糖酒", "电缆"], "any", ["customer"], without=["集团"]), actor=me)
    assert [title for title, _ in told(less)["customer"]] == ["无锡太湖电缆有限公司"]
    linked = inquire(Asked(["太湖"], "any", ["opportunity"], {"opportunity": ["customer"]}), actor=me)
    assert told(linked) == {"opportunity": [("电缆二期采购", [("customer", "太湖")])]}
    for group in (*both.groups, *less.groups, *linked.groups):
        rows = reading.query(group.object, actor=me, where=json.loads(json.dumps(group.where)), fields=["id"], limit=200).rows
        assert {row["id"] for row in rows} == {row.id for row in group.rows}, "the list of a group is the group"


def test_what_is_masked_hidden_or_veiled_is_neither_asked_nor_told(company: Company, cast: Cast, made: dict[str, UUID]) -> None:
    owner = company.owner.actor()
    book = door.perform("book", "create", actor=cast.actor("system"), changes={"name": "脱敏书", "phones": ["13512345678"], "cost": 5, "owner": cast.users["owner"]}).id
    assert inquire(Asked(["13512345678", "脱敏书"], "exact", ["book"]), actor=owner).missing == ["13512345678"]
    with pytest.raises(Invalid) as refused:
        inquire(Asked(["13512345678"], "exact", ["book"], {"book": ["phones"]}), actor=owner)
    assert [(one.field, one.code) for one in refused.value.errors] == [("fields", "unknown")]
    assert inquire(Asked(["13512345678"], "exact", ["book"]), actor=company.manager.actor()).groups[0].rows[0].id == book
    pooled = company.outsider.create("customer", name="公海里的电话公司", phones=["13312345678"])
    company.outsider.do("customer", "return_to_pool", pooled, reason="no_need")
    for how in ("exact", "fuzzy", "any"):
        answer = inquire(Asked(["13312345678", "公海里的电话公司"], how, ["customer"]), actor=company.owner.actor())
        assert told(answer) == {"customer": [("公海里的电话公司", [("name", "公海里的电话公司")])]} and answer.missing == ["13312345678"], how
    for name in ("role", "user", "nothing"):
        with pytest.raises(NotFound):
            inquire(Asked(["王伟"], "exact", [name]), actor=owner)
    assert inquire(Asked(["无锡太湖电缆有限公司"]), actor=cast.actor("nobody")).groups == []


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (Asked([]), "words:required"), (Asked(["x"] * 2 + [str(n) for n in range(inquiring.MOST)]), "words:too-many"), (Asked(list("一二三四五六七八九十甲"), "all"), "words:too-many"),
        (Asked(["x" * 101]), "words:too-long"), (Asked(["x"], "guess"), "how:choice"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_says_so(company: Company, asked: Asked, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        inquire(asked, actor=company.owner.actor())
    assert f"{refused.value.errors[0].field}:{refused.value.errors[0].code}" == wrong


def test_hundreds_of_lines_take_as_many_statements_as_one(company: Company, made: dict[str, UUID]) -> None:
    actor = company.owner.actor()
    sent = []
    for lines in (["太湖电缆"], [f"公司{n}" for n in range(250)] + [f"138{n:08}" for n in range(250)]):
        with CaptureQueriesContext(connection) as captured:
            inquire(Asked(lines, "fuzzy", ["customer", "contact"]), actor=actor)
        control = ("SET ", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
        sent.append(len([q for q in captured.captured_queries if not q["sql"].startswith(control)]))
    assert sent[0] == sent[1] <= 6, sent


def test_beyond_what_is_told_nothing_is_called_missing(company: Company, made: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiring, "CAP", 1)
    answer = inquire(Asked(["公司", "火星"], "any", ["customer"]), actor=company.owner.actor())
    assert answer.groups[0].more and (answer.missing, answer.unsure) == ([], ["火星"])


def test_the_program_and_the_page_say_the_same(company: Company, cast: Cast, made: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    head: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    answer = Client().post("/api/v1/search", json.dumps({"words": ["13800138000", "无"], "objects": ["customer"]}), content_type="application/json", **head)
    assert answer.status_code == 200 and answer.json()["missing"] == ["无"]
    assert answer.json()["groups"][0]["rows"] == [{"id": str(made["cable"]), "title": "无锡太湖电缆有限公司", "found": [{"field": "phones", "word": "13800138000"}]}]
    assert Client().post("/api/v1/search", json.dumps({"words": "x"}), content_type="application/json", **head).status_code == 422

    client = Browser("owner")
    assert 'href="/search/advanced"' in client.read("/search") and 'href="/search/advanced?q=' in client.read("/search?q=电缆")
    assert any(one.get("href") == "/search/advanced" for one in client.get("/palette").json()["entries"])
    form = {"q": "13800138000\n宿迁糖酒（集团）公司\n没有的", "how": "exact", "object": ["customer", "contact"], "f.customer": ["name", "phones"]}
    found = client.post("/search/advanced", form).content.decode()
    assert "无锡太湖电缆有限公司" in found and "没有找到 1" in words(found) and "电话 13800138000" in words(found)
    opened = client.post("/search/advanced", form | {"open": "customer"})
    listed = words(client.read(opened["Location"]))
    assert "无锡太湖电缆有限公司" in listed and "宿迁糖酒" in listed and "公海里的" not in listed
    monkeypatch.setattr(pages, "LONG", 10)
    kept = client.post("/search/advanced", form | {"open": "customer"})
    assert kept.status_code == 302 and "view=" in kept["Location"] and "宿迁糖酒" in client.read(kept["Location"])
    assert client.post("/search/advanced", form | {"q": "x" * 101}).status_code == 422
    client.read("/search/advanced?q=电缆&how=any")
