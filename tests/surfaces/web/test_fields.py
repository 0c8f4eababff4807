"""Every field type on every kind of page, from the catalog itself."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from guanxi.kernel.declare.fields import KINDS
from guanxi.kernel.records import reading
from guanxi.surfaces.web.templates import part
from tests.surfaces.web.browser import Browser, inputs, words

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005000201a5a1b2f60000000049454e44ae426082"
)
FILLED = {
    "name": "红楼梦", "code": "H-1", "shelf": "", "status": "draft", "genres": ["novel", "poem"], "tags": "经典、长篇", "pages": "1606",
    "weight": "1.25", "discount": "8.5", "price": "1.2万", "price.currency": "CNY", "published_on": "1791-01-01",
    "printed_at": "2026-11-22T14:30", "available": "true", "phones": "13800138000 编辑部\n010-62751234", "email": "a@Example.com",
    "website": "example.com/a", "place": "北京市东城区", "industry": "R", "summary": "第一行\n第二行", "blurb": "<p>好<b>书</b></p><script>x</script>",
    "extra": '{"a": [1, 2]}', "author": "曹雪芹", "co_authors.add": "高鹗", "editor": "我", "owner": "我",
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ["input", "filter"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_has_its_part(kind, name, lang):
    assert callable(part(KINDS[kind], name, lang))


@pytest.fixture(scope="module")
def book(cast):
    """A book with every field filled in, made by the form."""
    admin = Browser("admin")
    for name in ("曹雪芹", "高鹗"):
        assert admin.fill("/authors/new", name=name).status_code == 302
    sent = inputs(admin.read("/books/new")) | FILLED
    sent |= {"department": str(cast.departments["销售部"]), "files": SimpleUploadedFile("../../合同.pdf", b"%PDF-1.7 x"), "cover": SimpleUploadedFile("c.png", PNG)}
    answer = admin.post("/books/new", sent)
    assert answer.status_code == 302, words(answer.content.decode())
    return answer["Location"]


def test_what_was_typed_is_what_was_meant(book, cast):
    row = reading.get("book", book.rpartition("/")[2], actor=cast.actor("admin"))
    assert row["genres"] == ["novel", "poem"] and row["tags"] == ["经典", "长篇"]
    assert (row["pages"], str(row["weight"]), str(row["discount"])) == (1606, "1.250", "8.50")
    assert (str(row["price"]["amount"]), row["price"]["currency"]) == ("12000.00", "CNY")
    assert row["printed_at"].isoformat() == "2026-11-22T06:30:00+00:00", "typed in the workspace's zone"
    assert [p["number"] for p in row["phones"]] == ["+8613800138000", "+861062751234"]
    assert row["summary"] == "第一行\n第二行" and "<script" not in row["blurb"]
    assert row["extra"] == {"a": [1, 2]}
    assert row["author"]["label"] == "曹雪芹" and [c["label"] for c in row["co_authors"]] == ["高鹗"]
    assert row["editor"]["label"] == row["owner"]["label"] == "管理员"
    assert row["files"][0]["name"] == "合同.pdf" and row["cover"][0]["type"] == "image/png"
    assert row["available"] is True and row["industry"] == "R"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_field_shows_on_the_record_and_in_a_list(book, language):
    client = Browser("admin", language)
    client.post("/language", {"language": language})
    page = client.read(book)
    for text in ("红楼梦", "H-1", "1,606" if False else "1606", "¥12,000", "1791-01-01", "138 0013 8000", "合同.pdf", "8.5%", "经典"):
        assert text in page, text
    assert 'href="tel:+8613800138000"' in page and "<b>书</b>" in page
    columns = ",".join(reading_columns())
    assert "红楼梦" in client.read(f"/books?columns={columns}")
    client.post("/language", {"language": "zh-CN"})


def reading_columns():
    from guanxi.kernel.catalog.catalog import REGISTRY

    return REGISTRY.objects["book"].fields


def test_opening_a_form_and_saving_it_changes_nothing(book, cast):
    client = Browser("admin")
    before = reading.get("book", book.rpartition("/")[2], actor=cast.actor("admin"))["version"]
    assert client.fill(book + "/edit").status_code == 302
    assert "没有改动" in client.read(book)
    assert reading.get("book", book.rpartition("/")[2], actor=cast.actor("admin"))["version"] == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("f.status=draft", True), ("f.status=published", False), ("f.author=曹", True), ("f.author=鲁", False), ("f.owner=我", True),
        ("where=定价 >= 1万 且 负责人 = 我", True), ("where=定价 > 2万", False), ("q=红楼", True), ("q=西游", False),
        ("where=标签 含有 经典", True), ("where=published_on within this_year", False),
    ],
)  # fmt: skip
def test_filters_find_it_or_not(book, query, found):
    assert (f'href="{book}"' in Browser("admin").read("/books?" + query)) is found


def test_every_filter_control_of_every_type_is_understood(book):
    """Each control's own name, with a value of its kind, is a condition the kernel takes."""
    from guanxi.kernel.catalog.catalog import REGISTRY
    from guanxi.kernel.declare.conditions import And
    from guanxi.kernel.records import people
    from guanxi.kernel.records.guard import Guard
    from guanxi.surfaces.web import filters

    actor = people.by_username("admin", via="test")
    guard = Guard(actor.catalog, actor)
    samples = {"date": "this_year", "datetime": "today", "choice": "-", "industry": "R", "boolean": "true", "multi_choice": "novel", "phone": "8000", "file": "+", "image": "-", "json": "+"}
    for name, one in REGISTRY.objects["book"].fields.items():
        column = filters.column(guard, REGISTRY.objects["book"], name)
        value = samples.get(one.kind, "1")
        get = {f"f.{name}": value, f"f.{name}.from": "1", f"f.{name}.to": "99999"}
        tests = filters.conditions([column], get, guard)
        assert tests, name
        reading.query("book", actor=actor, where=And(tuple(tests)), fields=["name"])


def test_files_are_downloads_for_those_who_may_read_the_record(book):
    client = Browser("admin")
    page = client.read(book)
    urls = {part.split('"')[0].removesuffix("?show=1") for part in page.split('href="')[1:] if "/files/" in part.split('"')[0] and not part.split('"')[0].endswith("/history")}
    assert len(urls) == 2
    for url in urls:
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert Browser("outsider").get(url).status_code == 404
        assert Browser("executive").get(url).status_code == 200
    picture = next(url for url in urls if "/cover/" in url)
    assert client.get(picture + "?show=1")["Content-Disposition"].startswith("inline")
    assert client.get(picture.replace("/cover/", "/files/")).status_code == 404


def test_a_kept_file_stays_and_an_unticked_one_goes(book, cast):
    client = Browser("admin")
    sent = inputs(client.read(book + "/edit"))
    sent["files.keep"] = []
    sent["files"] = SimpleUploadedFile("新.txt", b"new")
    assert client.post(book + "/edit", sent).status_code == 302
    row = reading.get("book", book.rpartition("/")[2], actor=cast.actor("admin"))
    assert [f["name"] for f in row["files"]] == ["新.txt"] and len(row["cover"]) == 1
