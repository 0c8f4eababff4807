"""The import wizard without script: each step has an address, says what was found and what would happen, and can be taken back."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from guanxi.kernel.records import door, reading
from guanxi.surfaces.imports.reading.table import open_table
from guanxi.surfaces.jobs import worker
from tests.surfaces.web.browser import Browser, inputs, words

TEXT = "书名,书号,文体,定价,出版日期,作者,备用\n呐喊,A1,小说,12.5,2024/1/2,鲁迅,x\n野草,A2,散文集,8,2024/1/3,魯迅,y\n彷徨,A3,小说,abc,2024/1/4,鲁迅,z\n"


@pytest.fixture(scope="module")
def admin(cast):
    door.perform("author", "create", actor=cast.actor("admin"), changes={"name": "鲁迅"})
    return cast.actor("admin")


@pytest.fixture
def browser(admin) -> Browser:
    return Browser("admin")


def work() -> None:
    asyncio.run(worker.work(2, until_empty=True))


def upload(browser: Browser, text: str | bytes, name: str = "书单.csv", plural: str = "books") -> str:
    content = text.encode() if isinstance(text, str) else text
    answer = browser.post(f"/{plural}/import", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, words(answer.content.decode())[-400:]
    return answer.headers["Location"]


def sent(browser: Browser, url: str, **changes: Any) -> str:
    form = inputs(browser.read(url))
    form |= changes
    answer = browser.post(url, form)
    assert answer.status_code == 302, words(answer.content.decode())[-600:]
    return answer.headers["Location"]


def books(admin, where: str, *fields: str) -> list[tuple[Any, ...]]:
    rows = reading.query("book", actor=admin, where=where, fields=["name", *fields], sort=["name"]).rows
    return [tuple(row[name] for name in ("name", *fields)) for row in rows]


def test_from_a_file_to_records_and_back(browser, admin):
    step = upload(browser, TEXT)
    html = browser.read(step)
    said = words(html)
    assert "书单.csv" in said and "3 行 · 7 列" in said
    form = inputs(html)
    assert [form[f"c{n}.0"] for n in (0, 1, 3, 4, 5, 6)] == [["name"], ["code"], ["price"], ["published_on"], ["author"], [""]]
    assert "名称相同" in said and "“abc”" in said and "2024/1/2 → 2024-01-02" in re.sub(r"\s+", " ", said)
    assert form["match"] == ["code"] and form["on_match"] == ["skip"]
    assert form["v5.old"] == ["魯迅"]

    step = sent(browser, step, **{"c2.0": "genres", "do": "look"})
    form = inputs(browser.read(step))
    assert form["v2.old"] == ["散文集"] and "您的选择" in words(browser.read(step))
    trial = sent(browser, step, **{"v2.new": ["essay"], "v5.new": ["鲁迅"], "do": "try"})
    assert trial.startswith("/books/import?trial=") and "正在试运行" in browser.read(trial)
    work()
    said = words(browser.read(trial))
    assert "新增 2" in said and "拒绝 1" in said and "导入 2 行" in said and "定价" in said
    assert "呐喊" in words(browser.read(trial + "&show=created")) and books(admin, "code not empty") == []
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', browser.read(trial + "&show=created"))
    assert heads == ["行", "书名", "书号", "类型", "定价", "出版日期", "作者"], "as in the file"
    kept = inputs(browser.read(re.search(r'href="([^"]*from=[^"]*)"', browser.read(trial))[1].replace("&amp;", "&")))
    assert (kept["v2.old"], kept["v2.new"], kept["v5.new"]) == (["散文集"], ["essay"], ["鲁迅"])
    errors = re.search(r'href="(/jobs/[^"]+/files/[^"]+)"', browser.read(trial))[1]
    assert "彷徨".encode() in b"".join(browser.get(errors).streaming_content)

    job = browser.post(trial, {"do": "import"}).headers["Location"]
    with pytest.raises(AssertionError):
        browser.read(job + "/undo")
    work()
    assert books(admin, "code not empty", "genres") == [("呐喊", ["novel"]), ("野草", ["essay"])]
    html = browser.read(job)
    assert "撤销整个导入" in html
    made, again = re.findall(r'class="button" href="(/books[^"]+)"', html)
    listed = browser.read(made.replace("&amp;", "&"))
    assert "呐喊" in listed and "野草" in listed
    assert inputs(browser.read(again.replace("&amp;", "&")))["c3.0"] == ["price"]

    door.perform("book", "update", actor=admin, id=reading.query("book", actor=admin, where="name = 野草").rows[0]["id"], changes={"pages": 5})
    said = words(browser.read(job + "/undo"))
    assert "1 条新增的记录会放进回收站" in said and "之后被人修改过" in said
    assert books(admin, "code not empty") == [("呐喊",), ("野草",)], "asking changes nothing"
    undone = browser.post(job + "/undo").headers["Location"]
    work()
    assert "放进回收站 1" in words(browser.read(undone))
    assert books(admin, "code not empty") == [("野草",)]
    assert browser.get(job + "/undo").status_code == 409 and "撤销整个导入" not in browser.read(job)


def test_what_would_change_is_shown_before_and_after(browser, admin):
    door.perform("book", "create", actor=admin, changes={"name": "故事新编", "code": "B1", "pages": 7})
    door.perform("book", "create", actor=admin, changes={"name": "朝花夕拾", "code": "B2", "pages": 9})
    step = upload(browser, "书名,书号,页数\n故事新编,B1,8\n朝花夕拾,B2,9\n")
    trial = sent(browser, step, on_match="update", do="try")
    work()
    html = browser.read(trial)
    assert "<del>7</del> → <ins>8</ins>" in html and "故事新编" in html
    said = words(html)
    assert "有变化 1" in said and "无变化 1" in said
    assert books(admin, "code starts B", "pages") == [("故事新编", 7), ("朝花夕拾", 9)]
    trial = sent(browser, step, on_match="error", do="try")
    work()
    assert "重复 2" in words(browser.read(trial + "&show=conflict")) and "已有相同的记录" in browser.read(trial + "&show=conflict")


def test_what_cannot_work_names_the_column_and_stays_in_the_address(browser, admin):
    step = upload(browser, "作者,日期\n鲁迅,03/04/2024\n")
    said = words(browser.read(step))
    assert "缺少必填的“书名”" in said
    back = sent(browser, step, **{"c1.0": "published_on", "do": "try"})
    assert "check=1" in back
    said = words(browser.read(back))
    assert "缺少必填的“书名”" in said and "请在下面选择顺序" in said
    # What is missing for every row is given for every row.
    every = {"k.field": ["name"], "k.by": [""], "k.value": ["无题"]}
    ready = sent(browser, back, **every, date_order="dmy", do="look")
    html = browser.read(ready)
    assert "缺少必填" not in html and "2024-04-03" in html
    trial = sent(browser, ready, **every, do="try")
    work()
    assert "新增 1" in words(browser.read(trial))


def test_one_column_fills_two_fields_and_numbers_are_scaled(browser, admin):
    step = upload(browser, "标题,价\n两处,1.5\n")
    step = sent(browser, step, **{"c0.0": "name", "c1.0": "price", "more": ["0"], "do": "look"})
    form = inputs(browser.read(step))
    assert form["c0.1"] == [""] and form["c1.0.scale"] == [""]
    step = sent(browser, step, **{"c0.1": "code", "c1.0.scale": "1000", "match": [], "do": "look"})
    assert "1500" in words(browser.read(step)).replace(",", "")
    trial = sent(browser, step, do="try")
    work()
    browser.post(trial, {"do": "import"})
    work()
    assert books(admin, "name = 两处", "code")[0] == ("两处", "两处")
    again = upload(browser, "标题,价\n三处,2\n")
    assert inputs(browser.read(again))["c1.0.scale"] == ["1000"] and "上次的选择" in browser.read(again)


def test_pasted_tables_other_sheets_and_files_that_are_none(browser, admin):
    answer = browser.post("/books/import", {"text": "书名\t页数\n粘来的\t12\n"})
    assert "2 列" in words(browser.read(answer.headers["Location"]))
    for given, wanted in (({}, "请选择一个文件"), ({"file": SimpleUploadedFile("a.pdf", b"%PDF-1.4 x")}, "这不是表格文件")):
        answer = browser.post("/books/import", given)
        assert answer.status_code >= 400 and wanted in answer.content.decode()
    step = upload(browser, "说明\n书名,页数\n头,1\n")
    assert inputs(browser.read(step + "&header=2"))["c0.0"] == ["name"]


def test_the_template_reads_back_as_it_was_meant(browser, admin):
    answer = browser.get("/books/import/template")
    assert answer.status_code == 200 and "template.xlsx" in answer.headers["Content-Disposition"]
    with open_table(answer.content) as table:
        assert table.columns[0] == "书名 Title" and "作者 Author" in table.columns and len(table.sheets) == 4
    step = upload(browser, answer.content, "模板.xlsx") + "&sheet=示例"
    html = browser.read(step)
    form = inputs(html)
    assert all(value != [""] for name, value in form.items() if re.fullmatch(r"c\d+\.0", name)) and "v0.old" not in form
    trial = sent(browser, step, do="try")
    work()
    said = words(browser.read(trial))
    assert "新增 1" in said and "拒绝 0" in said, said
    import zipfile

    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert b"<dataValidation " in book.read("xl/worksheets/sheet1.xml")


def test_only_those_who_may_see_it_and_nobody_sees_what_is_another_s(browser, cast, admin):
    assert 'href="/books/import"' in browser.read("/books")
    step = upload(browser, TEXT)
    trial = sent(browser, step, **{"c3.0": "", "do": "try"})
    for who in ("nobody", "outsider"):
        other = Browser(who)
        assert other.get(step).status_code in (403, 404) and other.get(trial).status_code in (403, 404)
        assert 'href="/books/import"' not in other.get("/books").content.decode() or other.get("/books/import").status_code == 200
    assert browser.get(step.replace("books", "authors")).status_code == 200
    assert browser.get(trial.replace("books", "authors")).status_code == 404
    assert browser.get("/books/import?file=nothing").status_code == 404
    work()


def test_english(admin):
    english = Browser("admin", "en")
    english.post("/language", {"language": "en", "next": "/"})
    step = upload(english, "Title,Pages\nA,1\n", "books.csv")
    trial = sent(english, step, do="try")
    work()
    job = english.post(trial, {"do": "import"}).headers["Location"]
    work()
    for url in ("/books/import", step, trial, job, job + "/undo"):
        main = re.search(r"<main.*</main>", english.read(url), re.S)[0]
        assert not re.search(r"[\u4e00-\u9fff]", words(main)), words(main)
