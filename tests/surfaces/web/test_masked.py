"""A role that sees a marked field masked: its value is in no answer of any surface, until it is revealed, which is counted and logged."""

from __future__ import annotations

import io
import json
import zipfile

import pypdf
import pytest
from django.test import Client

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.kernel.access import rights as access
from guanxi.kernel.catalog.catalog import custom_field
from guanxi.kernel.records import auditing, door, finding, reading, revealing, telling
from guanxi.surfaces.imports import exporting
from tests.kernel.tools import create, raw, refused
from tests.surfaces.web.browser import Browser

RAW = "13812345678"
MAIL = "xyzzy88@secret.example"


@pytest.fixture(scope="module")
def masked(cast):
    """Sales people see contact details masked, by a mark."""
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where='key = "sales"', fields=["grants"]).rows[0]
    grants = json.loads(json.dumps(role["grants"]))
    grants["book"]["fields"] = {**grants["book"].get("fields", {}), "@contact": "masked"}
    grants["book"]["verbs"] = [*grants["book"]["verbs"], "reveal"]
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": grants})
    door.perform("custom_field", "create", actor=admin, changes={"name": "私人电话", "object_name": "book", "key": "home_phone", "kind": "phone", "options": {"personal": "contact"}})
    book = create(cast.actor("system"), "book", name="脱敏之书", phones=[RAW], email=MAIL, home_phone=[RAW], owner=str(cast.users["owner"]))
    door.perform("book", "update", actor=cast.actor("system"), id=book, changes={"phones": [RAW, "13900001111"]})
    return book


def has_raw(text) -> bool:
    flat = str(text).replace(" ", "").replace("-", "")
    return RAW in flat or "1234567" in flat or MAIL in flat


def test_no_surface_tells_the_value(cast, masked):
    owner = cast.actor("owner")
    row = reading.get("book", masked, actor=owner)
    assert row["phones"][0] == {"number": "+86138****5678"} and row["home_phone"] == [{"number": "+86138****5678"}] and row["email"] != MAIL
    answers = [
        row, reading.query("book", actor=owner, fields=["name", "phones", "email", "home_phone"]).rows, telling.history("book", masked, actor=owner),
        telling.timeline("book", masked, actor=owner), finding.search("脱敏之书", actor=owner),
    ]
    assert finding.search(RAW, actor=owner) == [] and finding.search("xyzzy88", actor=owner) == []
    browser = Browser("owner")
    for path in (f"/books/{masked}", f"/books/{masked}?tab=history", f"/books/{masked}?tab=why", "/books", f"/books/{masked}/edit", f"/books/{masked}/field/phones/history", "/search?q=脱敏", f"/search?q={RAW}"):
        page = browser.get(path).content.decode()
        answers.append(page.replace(f"q={RAW}", "").replace(f'value="{RAW}"', "").replace(RAW, "", page.count(RAW)) if "search" in path else page)
    token = {"HTTP_AUTHORIZATION": f"Bearer {cast.token('owner')}"}
    for path in (f"/api/v1/books/{masked}?timeline=20", "/api/v1/books", f"/api/v1/books/{masked}/history"):
        answers.append(browser.get(path, **token).content.decode())
    for format in ("csv", "xlsx"):
        out = io.BytesIO()
        exporting.export(owner, "book", out, format, fields=["name", "phones", "email", "home_phone"])
        data = out.getvalue()
        answers.append(data.decode("utf-8-sig") if format == "csv" else "".join(zipfile.ZipFile(out).read(n).decode() for n in zipfile.ZipFile(out).namelist() if n.endswith(".xml")))
    assert "脱敏之书" in answers[-1]
    paper = browser.get(f"/books/{masked}/record.pdf").content
    answers.append("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper)).pages))
    assert "****" in answers[-1].replace(" ", "")
    for number, one in enumerate(answers):
        assert not has_raw(one), number
    assert has_raw(reading.get("book", masked, actor=cast.actor("admin")))


def test_it_is_asked_for_by_equality_only(cast, masked):
    owner = cast.actor("owner")

    def found(where):
        return [row["id"] for row in reading.query("book", actor=owner, where=where, fields=["name"]).rows]

    assert found(f'phones = "{RAW}"') == [masked] and found(f'email = "{MAIL}"') == [masked] and found('phones = "13812345679"') == []
    for where in ('phones contains "138"', 'phones ends "5678"', 'phones = "5678"', 'email starts "xyz"', "email not empty", {"field": "phones", "op": "=", "value": [RAW, "13812345679"]}):
        with pytest.raises(Invalid):
            found(where)
    for sort in ("email", "home_phone"):
        with pytest.raises(Invalid):
            reading.query("book", actor=owner, fields=["name"], sort=sort)


def test_looking_by_a_masked_value_is_counted_logged_and_limited(cast, masked):
    actor, desk = cast.actor("owner"), cast.actor("system")
    rules = reading.query("privacy_rules", actor=desk, fields=["id"]).rows[0]["id"]
    assert [row["id"] for row in reading.query("book", actor=actor, where={"field": "phones", "op": "等于", "value": RAW}, fields=["id"]).rows] == [masked]
    since = auditing_lines(cast)
    door.perform("privacy_rules", "update", actor=desk, id=rules, changes={"reveals_per_day": since + 2})
    for _ in range(3):  # the same value again, on another page of the list or tomorrow's report, is one look
        assert [row["id"] for row in reading.query("book", actor=actor, where={"field": "phones", "op": "=", "value": "13912340001"}, fields=["id"]).rows] == []
    assert auditing_lines(cast) == since + 1
    reading.query("book", actor=actor, where={"field": "phones", "op": "=", "value": "13912340002"}, fields=["id"])
    with pytest.raises(Invalid) as caught:
        reading.query("book", actor=actor, where={"field": "phones", "op": "=", "value": "13912340003"}, fields=["id"])
    assert [(one.field, one.code) for one in caught.value.errors] == [("where", "daily-limit")]
    api = Client().get('/api/v1/books?where={"field":"phones","op":"=","value":"13912340009"}', HTTP_AUTHORIZATION=f"Bearer {cast.token('owner')}")
    assert api.status_code == 422 and api.json()["errors"][0]["code"] == "daily-limit"
    assert "按它查找每人每天最多" in Browser("owner").get('/books?where=phones = "13912340009"').content.decode()
    reading.query("book", actor=cast.actor("manager"), where={"field": "phones", "op": "=", "value": "13912340009"}, fields=["id"])  # who sees it plainly is not counted
    assert "13912340001" not in repr(raw("SELECT details FROM gx_log WHERE kind = 'compared'"))
    assert "按脱敏内容查找" in Browser("admin").read("/settings/log")
    door.perform("privacy_rules", "update", actor=desk, id=rules, changes={"reveals_per_day": 50})
    page = Browser("owner").read('/books/filter?where=phones = "13912340001"')
    assert '<option value="phones" selected' in page and '<option value="=" data-shape="text" selected' in page and '<option value="contains"' not in page


def auditing_lines(cast) -> int:
    return int(raw("SELECT count(*) FROM gx_log WHERE kind = 'compared' AND user_id = %s", [cast.users["owner"]])[0][0])


def test_revealing_is_counted_logged_and_limited(cast, masked):
    owner, admin = cast.actor("owner"), cast.actor("admin")
    page = Browser("owner")
    assert f'/books/{masked}/field/phones/reveal"' in page.read(f"/books/{masked}")
    assert RAW in page.post(f"/books/{masked}/field/phones/reveal").content.decode().replace(" ", "")
    line = auditing.lines(admin, kinds=["revealed"])[0]
    assert (line.user, line.object, line.record_id, line.details["fields"], line.title) == ("王伟", "book", masked, ["phones"], "脱敏之书")
    told = page.post(f"/api/v1/books/{masked}/reveal", {"inputs": {"field": "email"}}, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {cast.token('owner')}")
    assert told.json() == {"field": "email", "value": MAIL}
    rules = reading.query("privacy_rules", actor=admin, fields=["id"]).rows[0]["id"]
    door.perform("privacy_rules", "update", actor=admin, id=rules, changes={"reveals_per_day": 2})
    with refused(Invalid, "field:daily-limit"):
        revealing.reveal("book", masked, "home_phone", actor=owner)
    door.perform("privacy_rules", "update", actor=admin, id=rules, changes={"reveals_per_day": 50})
    with pytest.raises(Invalid):
        revealing.reveal("book", masked, "cost", actor=owner)
    with pytest.raises(NotFound):
        revealing.reveal("book", masked, "phones", actor=cast.actor("outsider"))
    before = len(auditing.lines(admin, kinds=["revealed"]))
    assert revealing.reveal("book", masked, "name", actor=owner) == "脱敏之书" and len(auditing.lines(admin, kinds=["revealed"])) == before, "nothing masked, nothing revealed"


def test_without_the_right_nothing_is_revealed(cast, masked):
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where='key = "sales"', fields=["grants"]).rows[0]
    held = json.loads(json.dumps(role["grants"]))
    less = {**held, "book": {**held["book"], "verbs": [v for v in held["book"]["verbs"] if v != "reveal"]}}
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": less})
    assert "/reveal" not in Browser("owner").read(f"/books/{masked}")
    with refused(Forbidden):
        revealing.reveal("book", masked, "phones", actor=cast.actor("owner"))
    door.perform("role", "update", actor=admin, id=role["id"], changes={"grants": held})


def test_a_field_s_own_level_goes_before_its_mark_and_the_widest_role_wins(cast, masked):
    catalog = cast.actor("admin").catalog
    grants = access.spelled([(masked, "a", {"*": {"verbs": ["*"], "fields": {"@contact": "hidden", "phones": "read"}}})], catalog)
    assert grants[0][2]["book"]["fields"] == {"home_phone": "hidden", "email": "hidden", "phones": "read"} and grants[0][2]["*"]["verbs"] == ["*"]
    two = access.combine(masked, access.spelled([(masked, "a", {"book": {"verbs": ["read"], "fields": {"@contact": "masked"}}}), (masked, "b", {"book": {"verbs": ["read"], "fields": {"home_phone": "read"}}})], catalog), (), {}, {}, ())
    assert access.level(two, catalog.object("book"), "home_phone") == "read"
    with refused(Invalid):
        door.perform("custom_field", "create", actor=cast.actor("admin"), changes={"name": "坏", "object_name": "book", "key": "bad", "kind": "text", "options": {"personal": "secret"}})
    assert custom_field({"name": "证件号", "key": "id_number", "kind": "text", "options": {"personal": "identity"}}, {}).personal == "identity"


def test_the_role_s_page_has_the_marks(cast, masked):
    admin = cast.actor("admin")
    role = reading.query("role", actor=admin, where='key = "sales"', fields=["id"]).rows[0]["id"]
    page = Browser("admin").read(f"/roles/{role}?fields=book")
    assert "所有联系方式" in page and 'name="l.book.@contact"' in page and '<option value="masked" selected>' in page.split('name="l.book.@contact"')[1].split("</select>")[0]
