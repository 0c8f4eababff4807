"""The API as a stranger meets it: documents, headers, languages, limits, sessions and tokens."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from guanxi.base.ids import uuid7
from guanxi.kernel import accounts, setup
from guanxi.kernel.records import auditing, reading
from guanxi.kernel.storage.tables import Account
from tests.cast import PASSWORD, Cast
from tests.kernel.tools import create, events_of, state


class Caller:
    """Somebody with a token."""

    def __init__(self, cast: Cast, person: str, language: str = "en") -> None:
        self.client = Client()
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {cast.token(person)}", "HTTP_ACCEPT_LANGUAGE": language}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        how: dict[str, Any] = {**self.headers, **{f"HTTP_{k.upper()}": v for k, v in headers.items()}}
        if body is not None:
            how |= {"data": body if isinstance(body, str | bytes) else json.dumps(body), "content_type": "application/json"}
        return getattr(self.client, method)(f"/api/v1{path}", **how)


@pytest.fixture
def owner(cast: Cast) -> Caller:
    return Caller(cast, "owner")


def problem(answer: Any, status: int, code: str = "", *fields: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content[:500]
    assert answer["Content-Type"] == "application/problem+json" and answer["Cache-Control"] == "no-store"
    found: dict[str, Any] = json.loads(answer.content)
    assert set(found) == {"type", "title", "status", "detail", "errors", "instance"}
    assert found["status"] == status and found["instance"].startswith("urn:guanxi:request:") and found["title"] and found["detail"]
    if code:
        assert found["type"] == f"urn:guanxi:problem:{code}"
    if fields:
        assert [e["field"] for e in found["errors"]] == list(fields)
    return found


def test_one_record_from_birth_to_bin(cast: Cast, owner: Caller) -> None:
    brief = owner("post", "/books", {"name": "简"})
    assert brief.status_code == 201 and set(brief.json()) == {"id", "version", "changed", "warnings"}
    owner.headers["HTTP_PREFER"] = "return=representation"
    made = owner("post", "/books", {"name": "边城", "pages": 96, "price": "12.5"})
    assert made.status_code == 201 and made["Preference-Applied"] == "return=representation"
    done = made.json()
    one = done["id"]
    assert made["Location"] == f"/api/v1/books/{one}" and made["ETag"] == f'"{done["version"]}"'
    assert (done["changed"], done["warnings"], done["record"]["thickness"], done["record"]["price"]) == (True, [], "9.60", {"amount": "12.50", "currency": "CNY"})
    read = owner("get", f"/books/{one}")
    assert read["ETag"] == made["ETag"] and read.json() == done["record"]
    assert owner("get", f"/book/{one}").json()["id"] == one, "by its name as well as its plural"
    changed = owner("patch", f"/books/{one}", {"pages": 97}, if_match=made["ETag"])
    assert changed.status_code == 200 and changed["ETag"] != made["ETag"]
    problem(owner("patch", f"/books/{one}", {"pages": 98}, if_match=made["ETag"]), 412, "version-conflict")
    problem(owner("patch", f"/books/{one}", {"pages": 98}, if_match='"nonsense"'), 412, "version-conflict")
    problem(owner("delete", f"/books/{one}", if_match=made["ETag"]), 412, "version-conflict")
    same = owner("patch", f"/books/{one}", {"pages": 97}, if_match="*").json()
    assert (same["changed"], same["version"]) == (False, changed.json()["version"])
    published = owner("post", f"/books/{one}/publish", {"changes": {"price": 9}, "inputs": {"printed": 500}}).json()
    assert published["output"] == {"printed": 500} and published["record"]["status"] == "published"
    problem(owner("post", f"/books/{one}/publish", {}), 422, "invalid", "status")
    assigned = owner("post", f"/books/{one}/assign", {"changes": {"owner": str(cast.users["teammate"])}}).json()
    assert assigned["record"] is None, "it left the caller's sight"
    teammate = Caller(cast, "teammate")
    assert teammate("delete", f"/books/{one}").status_code == 204
    problem(teammate("get", f"/books/{one}"), 404, "not-found")
    assert teammate("get", f"/books/{one}?deleted=true").json()["deleted_at"] is not None
    assert teammate("post", f"/books/{one}/restore", {}).status_code == 200
    assert [e.via for e in events_of("book", UUID(one))] == ["api"] * 6
    assert len({e.request for e in events_of("book", UUID(one))}) == 6


@pytest.mark.parametrize(("language", "title", "detail"), [("zh-CN,zh;q=0.9", "有内容需要修改", "请填写书名。"), ("en-US", "Some values need correcting", "Title is required.")])
def test_problems_speak_the_caller_s_language(cast: Cast, language: str, title: str, detail: str) -> None:
    answer = Caller(cast, "owner", language)("post", "/books", {"name": ""})
    found = problem(answer, 422, "invalid", "name")
    assert (found["title"], found["errors"][0]["message"], found["errors"][0]["code"]) == (title, detail, "required")
    assert answer["Content-Language"] == ("zh-CN" if language.startswith("zh") else "en")


def test_what_is_not_there_and_what_is_not_yours_look_the_same(cast: Cast, owner: Caller) -> None:
    theirs = create(cast.actor("outsider"), "book", name="别人的")
    before = state()
    for method, suffix, body in (
        ("get", "", None), ("patch", "", {"name": "x"}), ("delete", "", None), ("get", "/history", None), ("get", "/timeline", None), ("get", "/explain", None),
        ("post", "/publish", {}), ("post", "/assign", {"changes": {"owner": str(cast.users["owner"])}}), ("post", "/share", {"inputs": {"user": str(cast.users["owner"])}}), ("post", "/restore", {}),
    ):  # fmt: skip
        answers = [owner(method, f"/books/{one}{suffix}", body) for one in (theirs, uuid7())]
        documents = [problem(a, 404, "not-found") for a in answers]
        for one in documents:
            one.pop("instance")
        assert documents[0] == documents[1], suffix
        assert sorted(answers[0].headers) == sorted(answers[1].headers)
    for path in ("/books/not-an-id", "/books/00000000", "/nothing", "/nothing/1", f"/nothing/{uuid7()}/history", "/books/%00"):
        problem(owner("get", path), 404)
    assert state() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("post", "/books", "{", ["body"]), ("post", "/books", "[]", ["body"]), ("post", "/books", '"x"', ["body"]), ("post", "/books", "null", ["body"]), ("post", "/books", b"\xff\xfe", ["body"]),
        ("post", "/books", "[" * 100_000, ["body"]), ("post", "/books", '{"a":' * 50_000, ["body"]), ("post", "/books", '{"name": "x", "extra": ' + "[" * 900 + "]" * 900 + "}", None),
        ("post", "/books", {"name": "x", "nothing": 1}, ["nothing"]), ("post", "/books", {"name": "x", "cost": 1}, ["cost"]), ("post", "/books", {"name": "x", "pages": "x", "email": "y"}, ["pages", "email"]),
        ("post", "/books/aggregate", {"wher": "x"}, ["wher"]), ("post", "/books/aggregate", {"group_by": "status"}, ["group_by"]), ("post", "/books/aggregate", {"measures": [5]}, ["measures"]),
        ("post", "/books/aggregate", {"limit": "5"}, ["limit"]), ("post", "/books/aggregate", {"limit": True}, ["limit"]), ("post", "/books/aggregate", {"where": 5}, ["where"]),
        ("post", "/books/bulk", {}, ["verb"]), ("post", "/books/bulk", {"verb": "update"}, ["items"]), ("post", "/books/bulk", {"verb": "update", "items": [], "ids": []}, ["items"]),
        ("post", "/books/bulk", {"verb": "update", "items": [5]}, ["items[0]"]), ("post", "/books/bulk", {"verb": "update", "items": [{"id": "x"}]}, ["items[0].id"]),
        ("post", "/books/bulk", {"verb": "update", "items": [{"changes": []}, {"changes": [1]}]}, ["items[1].changes"]), ("post", "/books/bulk", {"verb": "update", "ids": "x"}, ["ids"]),
        ("post", "/books/bulk", {"verb": "update", "items": [{"id": None}] * 5001}, ["items"]),
        ("get", "/books?limit=x", None, ["limit"]), ("get", "/books?limit=1000", None, ["limit"]), ("get", "/books?deleted=maybe", None, ["deleted"]), ("get", "/books?where=pages%20~", None, ["where"]),
        ("get", "/books?where={%22and%22:5}", None, ["where"]), ("get", "/books?sort=nothing", None, ["sort"]), ("get", "/books?fields=nothing", None, ["fields"]), ("get", "/books?after=x", None, ["after"]), ("get", "/books?count=some", None, ["count"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named(cast: Cast, owner: Caller, method: str, path: str, body: Any, fields: list[str] | None) -> None:
    before = state()
    answer = owner(method, path, body)
    if fields is None:
        assert answer.status_code in (201, 422), "deep JSON in a JSON field is kept or refused, never a failure"
        return
    problem(answer, 422, "invalid", *fields)
    assert state() == before


def test_ten_megabytes_are_too_much(cast: Cast, owner: Caller) -> None:
    before = state()
    body = json.dumps({"name": "x", "summary": "长" * 4_000_000}, ensure_ascii=False).encode()
    problem(owner("post", "/books", body), 413, "too-large")
    problem(owner("post", "/books/bulk", body), 413, "too-large")
    assert state() == before


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300])
def test_a_form_that_is_none_is_refused(cast: Cast, owner: Caller, kind: str) -> None:
    before = state()
    answer = owner.client.post("/api/v1/files", data=b"--x\r\n", content_type=kind, **owner.headers)
    problem(answer, 422, "invalid", "body")
    assert state() == before


def test_methods_and_addresses_that_do_not_exist(cast: Cast, owner: Caller) -> None:
    one = create(cast.actor("owner"), "book", name="x")
    for method, path in (("put", f"/books/{one}"), ("delete", "/books"), ("patch", "/books"), ("post", f"/books/{one}")):
        assert owner(method, path).status_code in (404, 405)
    problem(owner("post", f"/books/{one}/create", {}), 404)
    problem(owner("post", f"/books/{one}/nothing", {}), 404, "no-verb")
    problem(owner("post", f"/books/{one}/counted", {}), 403, "forbidden")
    problem(owner("post", f"/books/{one}/publish", {"inputs": []}), 422, "invalid", "inputs")
    problem(owner("post", f"/books/{one}/publish", {"more": 1}), 422, "invalid", "more")


def test_a_list_page_by_page(cast: Cast, owner: Caller) -> None:
    made = {str(create(cast.actor("owner"), "book", name=f"页 {n}", pages=4321)) for n in range(7)}
    seen: list[str] = []
    after = ""
    while True:
        page = owner("get", f"/books?where=pages%20=%204321&sort=-pages,name&fields=name,owner,author.name&limit=3&count=exact{after}").json()
        assert (page["count"], page["more"]) == (7, False)
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert set(seen) == made and len(seen) == 7
    back, before = [row["id"] for row in page["rows"]], page["previous"]
    while before is not None:
        there = owner("get", f"/books?where=pages%20=%204321&sort=-pages,name&fields=name&limit=3&before={before}").json()
        back, before = [row["id"] for row in there["rows"]] + back, there["previous"]
    assert back == seen, "the same way back"
    problem(owner("get", "/books?before=x"), 422, "invalid", "after")
    assert set(page["rows"][0]) == {"id", "version", "name", "owner", "author.name"}
    assert page["rows"][0]["owner"] == {"id": str(cast.users["owner"]), "label": "王伟"}
    text = owner("get", "/books?where=" + json.dumps({"and": [{"field": "pages", "op": "=", "value": 4321}, {"field": "name", "op": "ends", "value": "6"}]})).json()
    assert len(text["rows"]) == 1 and text.keys() == {"rows", "next", "previous"}
    assert Caller(cast, "newcomer")("get", "/books?where=pages%20=%204321").json()["rows"] == []


def test_many_records_one_answer_each(cast: Cast, owner: Caller) -> None:
    theirs = create(cast.actor("outsider"), "book", name="别人的")
    made = owner("post", "/books/bulk", {"verb": "create", "items": [{"changes": {"name": "甲"}}, {"changes": {"name": ""}}, {"changes": {"name": "丙"}}]}).json()["results"]
    assert [r["ok"] for r in made] == [True, False, True] and made[1]["problem"]["errors"][0]["field"] == "name"
    results = owner("post", "/books/bulk", {"verb": "update", "ids": [made[0]["id"], str(theirs), made[2]["id"]], "changes": {"pages": 8}}).json()["results"]
    assert [r["ok"] for r in results] == [True, False, True] and results[1]["problem"]["status"] == 404
    stale = owner("post", "/books/bulk", {"verb": "update", "items": [{"id": made[0]["id"], "version": made[0]["version"], "changes": {"pages": 9}}]}).json()["results"]
    assert stale[0]["problem"]["status"] == 412
    noted = [(line.user_id, line.object, line.details) for line in auditing.lines(cast.actor("admin"), kinds=["bulk"])]
    mine = cast.users["owner"]
    assert noted == [(mine, "book", {"rows": n, "verb": verb}) for n, verb in ((1, "update"), (3, "update"), (3, "create"))]
    problem(owner("post", "/books/bulk", {"verb": "nothing", "items": []}), 404)
    problem(Caller(cast, "executive")("post", "/books/bulk", {"verb": "update", "items": []}), 403)
    assert len(auditing.lines(cast.actor("admin"), kinds=["bulk"])) == 3, "what was refused is no work on many"


def test_figures_history_and_reasons(cast: Cast, owner: Caller) -> None:
    one = str(create(cast.actor("owner"), "book", name="数", pages=6543, price="3.5"))
    owner("post", "/chapters", {"name": "章", "book": one})
    figures = owner("post", "/books/aggregate", {"where": "pages = 6543", "group_by": ["status", "created_at:year"], "measures": ["count", "sum:price"]}).json()
    assert figures["truncated"] is False and len(figures["rows"]) == 1
    row = figures["rows"][0]
    assert (row["status"], row["count"], row["sum:price"]) == ("draft", 1, "3.50")
    behind = owner("get", f"/books?where={json.dumps(row['where'])}").json()["rows"]
    assert [r["id"] for r in behind] == [one]
    history = owner("get", f"/books/{one}/history").json()
    assert [e["verb"] for e in history["rows"]] == ["counted", "create"] and history["next"] is None
    assert history["rows"][1]["actor"] == {"id": str(cast.users["owner"]), "label": "王伟"} and history["rows"][0]["actor_kind"] == "automation"
    timeline = owner("get", f"/books/{one}/timeline?limit=1").json()
    assert len(timeline["rows"]) == 1
    rest = owner("get", f"/books/{one}/timeline?before={timeline['next']}").json()["rows"]
    both = owner("get", f"/books/{one}?timeline=1").json()
    assert both == {"record": owner("get", f"/books/{one}").json(), "timeline": timeline}
    problem(owner("get", f"/books/{one}?timeline=201"), 422)
    assert {(e["object"], e["verb"]) for e in [*timeline["rows"], *rest]} == {("book", "create"), ("book", "counted"), ("chapter", "create")}
    for wrong in ("before=x", "limit=0", "limit=500"):
        problem(owner("get", f"/books/{one}/timeline?{wrong}"), 422)
    why = owner("get", f"/books/{one}/explain").json()
    assert why["read"] and why["write"] and why["reasons"][0]["grants"]
    found = owner("get", "/search?q=数&objects=book").json()["rows"]
    assert one in {r["id"] for r in found} and all(r["object"] == "book" for r in found)


def test_the_catalog_is_what_the_caller_may_know(cast: Cast) -> None:
    mine = {o["name"]: o for o in Caller(cast, "owner")("get", "/catalog").json()["objects"]}
    theirs = {o["name"]: o for o in Caller(cast, "nobody")("get", "/catalog").json()["objects"]}
    assert "book" in mine and "book" not in theirs and "author" in theirs
    levels = {f["name"]: f["level"] for f in mine["book"]["fields"]}
    assert "cost" not in levels and levels["phones"] == "masked" and levels["discount"] == "read" and levels["name"] == "write"
    assert "counted" not in mine["book"]["verbs"] and "delete" not in theirs["author"]["verbs"]
    assert Caller(cast, "owner", "zh-CN")("get", "/catalog").json()["objects"][0]["label"] != Caller(cast, "owner", "en")("get", "/catalog").json()["objects"][0]["label"]
    assert Client().get("/api/v1/openapi.json").json()["openapi"] == "3.1.0"


# -- who asks ------------------------------------------------------------------------------------------------------------


def _session(person: str, csrf: bool = True) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    session = client.session
    session[accounts.KEY] = str(Account.objects.get(username=person).id)
    session.save()
    return client


def test_a_browser_needs_its_session_and_for_writes_the_csrf_token(cast: Cast) -> None:
    client = _session("owner")
    assert client.get("/api/v1/books").status_code == 200
    before = state()
    for method, path in (("post", "/api/v1/books"), ("post", "/api/v1/books/bulk"), ("post", "/api/v1/books/aggregate")):
        answer = getattr(client, method)(path, data=json.dumps({"name": "x"}), content_type="application/json")
        assert answer.status_code in (401, 403), path
    assert state() == before
    token = "a" * 32
    client.cookies["csrftoken"] = token
    good = client.post("/api/v1/books", data=json.dumps({"name": "从浏览器"}), content_type="application/json", HTTP_X_CSRFTOKEN=token)
    assert good.status_code == 201
    wrong = client.post("/api/v1/books", data=json.dumps({"name": "x"}), content_type="application/json", HTTP_X_CSRFTOKEN="b" * 32)
    assert wrong.status_code in (401, 403)
    client.session.flush()
    problem(client.get("/api/v1/books"), 401, "unauthenticated")


def test_without_a_good_token_there_is_nothing(cast: Cast) -> None:
    client = Client()
    for header in ("", "Bearer", "Bearer ", "Bearer x", "Basic abc", "Bearer gx_" + "a" * 43, "Bearer " + "x" * 5000, "Bearer \u00e9"):
        answer = client.get("/api/v1/books", HTTP_AUTHORIZATION=header)
        problem(answer, 401, "unauthenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    for path in ("/catalog", "/search?q=x", "/books", f"/books/{uuid7()}", f"/books/{uuid7()}/history", "/nothing"):
        problem(client.get(f"/api/v1{path}"), 401)


def test_a_token_has_its_owner_s_rights_and_ends_with_them(cast: Cast) -> None:
    from guanxi.kernel.access.actor import system
    from guanxi.kernel.records import door
    from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE

    setup.create_user("leaving", "离职", ["sales"], PASSWORD)
    token = setup.issue_token("leaving", "t")
    client = Client()
    auth = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    made = client.post("/api/v1/books", data='{"name": "我的"}', content_type="application/json", **auth)
    assert made.status_code == 201
    assert events_of("book", UUID(made.json()["id"]))[0].actor_kind == "token"
    assert len(client.get("/api/v1/books", **auth).json()["rows"]) == 1
    desk = system(DEFAULT_WORKSPACE)
    user = reading.query("user", actor=desk, where="username = leaving", fields=["name"]).rows[0]["id"]
    door.perform("user", "update", actor=desk, id=user, changes={"active": False})
    problem(client.get("/api/v1/books", **auth), 401)


def test_an_initial_password_opens_nothing_but_its_own_change(cast: Cast) -> None:
    setup.create_user("fresh", "新来", ["sales"])
    client = _session("fresh", csrf=False)
    for answer in (client.get("/api/v1/books"), client.get("/api/v1/catalog"), client.post("/api/v1/books", data="{}", content_type="application/json")):
        problem(answer, 401, "must-change-password")
