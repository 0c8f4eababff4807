"""The page of personal data, the notice, the watermark on pages and exports, and a person's request on its page, without script."""

from __future__ import annotations

import io

import pytest

from guanxi.kernel.records import auditing, door, people, reading
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.imports import exporting
from guanxi.surfaces.imports.reading.table import open_table
from guanxi.surfaces.jobs import tasks
from tests.kernel.tools import create
from tests.surfaces.web.browser import Browser
from tests.surfaces.web.test_dashboards import sheets


@pytest.fixture
def decide(cast):
    admin = cast.actor("admin")
    record = reading.query("privacy_rules", actor=admin, fields=["id"]).rows[0]["id"]
    return lambda **changes: door.perform("privacy_rules", "update", actor=admin, id=record, changes=changes)


def test_the_notice_is_read_before_signing_in(cast, decide):
    decide(officer="郑负责", officer_contact="privacy@example.com", notice="另附说明。", notice_en="See the annex.")
    assert 'href="/privacy"' in Browser().read("/signin")
    page = Browser().read("/privacy")
    assert "隐私声明" in page and "郑负责" in page and "privacy@example.com" in page and "15 个工作日" in page and "另附说明。" in page
    english = Browser(language="en").read("/privacy")
    assert "Privacy notice" in english and "See the annex." in english and "隐私" not in english.split("<section")[1].split("</section")[0]


def test_the_settings_page_shows_what_is_kept(cast, decide):
    decide(abroad="新加坡某邮件服务商")
    page = Browser("admin").read("/settings/privacy")
    assert "个人信息保护" in page and "联系方式" in page and "短信营销" in page and "新加坡某邮件服务商" in page and "第三十八至四十条" in page
    assert "/settings/privacy" in Browser("admin").read("/settings") and "/settings/privacy" not in Browser("owner").read("/settings")
    assert Browser("owner").get("/settings/privacy").status_code == 404
    assert "Fields marked as personal" in Browser("admin", "en").read("/settings/privacy")


def test_pages_carry_who_looks_where_the_company_wants_it(cast, decide):
    door.perform("user", "update", actor=cast.actor("admin"), id=cast.users["owner"], changes={"phone": "13812349876"})
    assert "data-watermark" not in Browser("owner").read("/")
    decide(watermark=True)
    security = reading.query("security", actor=cast.actor("admin"), fields=["id"]).rows[0]["id"]
    door.perform("security", "update", actor=cast.actor("admin"), id=security, changes={"remark": "x"})
    browser = Browser("owner")
    assert "data-watermark" in browser.read("/") and "data-watermark" in browser.read("/books"), "another rule's change leaves it on"
    tile = browser.get("/watermark.svg")
    assert tile["Content-Type"] == "image/svg+xml" and "王伟 9876" in tile.content.decode() and "13812349876" not in tile.content.decode()
    assert Browser().get("/watermark.svg").status_code == 302
    decide(watermark=False)
    assert "data-watermark" not in Browser("owner").read("/")


def test_the_register_of_processing_says_what_is_kept_and_who_sees_it(cast, decide):
    assert Browser("owner").get("/settings/privacy/register.xlsx").status_code == 404
    before = len(auditing.lines(cast.actor("admin"), kinds=["export"]))
    decide(officer="周慎", watermark_exports=True)
    admin = Browser("admin")
    assert 'href="/settings/privacy/register.xlsx"' in admin.read("/settings/privacy")
    answer = admin.get("/settings/privacy/register.xlsx")
    decide(officer=None, watermark_exports=False)
    found = sheets(answer.content)
    number = auditing.lines(cast.actor("admin"), kinds=["export"])[0].details["number"]
    assert len(auditing.lines(cast.actor("admin"), kinds=["export"])) == before + 1 and found["处理活动"][0][0].endswith(f"编号 {number}")
    assert ["个人信息保护负责人", "周慎"] in found["说明"] and ["页面水印", "否"] in found["说明"]
    rows = {(row[0], row[1]): row[2:] for row in found["处理活动"][2:]}
    marked = {(it.label.zh, one.label.zh) for it in people.newest(DEFAULT_WORKSPACE) for one in it.fields.values() if one.personal}
    assert set(rows) == marked and len(found["处理活动"]) == 2 + sum(bool(one.personal) for it in people.newest(DEFAULT_WORKSPACE) for one in it.fields.values())
    kind, *rest = rows["书", "电话"]
    assert kind == "联系方式" and "在用期间；删除后 30 天彻底删除" in rest
    plainly, masked = rest[-2:]
    assert masked == "客户经理（本人）" and "系统管理员（" in plainly and "客户经理（" not in plainly
    english = sheets(Browser("admin", language="en").get("/settings/privacy/register.xlsx").content)
    assert list(english) in (["About", "Processing"], ["说明", "处理活动"])


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_exports_say_who_took_them_and_imports_pass_over_it(cast, decide, tmp_path, format):
    owner = cast.actor("owner")
    create(owner, "book", name=f"水印之书 {format}")
    decide(watermark_exports=True)
    job = tasks.start_export(owner, "book", where=f'name = "水印之书 {format}"', fields=["name", "pages"], format=format)
    tasks.do_export(str(job))
    line = auditing.lines(cast.actor("admin"), kinds=["export"])[0]
    from guanxi.kernel import jobs

    path = tmp_path / f"x.{format}"
    path.write_bytes(jobs.file(owner, jobs.of(owner, job).outcome["file"])[0].read_bytes())
    table = open_table(path)
    assert list(table.columns) == ["书名", "页数"] and table.header_row == 2
    out = io.BytesIO()
    exporting.export(owner, "book", out, "csv", fields=["name"], number=line.details["number"])
    first = out.getvalue().decode("utf-8-sig").splitlines()[0]
    assert first.startswith("由 王伟 于 ") and first.endswith(f"导出，编号 {line.details['number']}") and job.hex.endswith(line.details["number"])
    decide(watermark_exports=False)
    out = io.BytesIO()
    exporting.export(owner, "book", out, "csv", fields=["name"], number="0" * 12)
    assert out.getvalue().decode("utf-8-sig").splitlines()[0] == "书名"


def test_a_request_on_its_page(cast):
    admin = cast.actor("admin")
    book = create(cast.actor("system"), "book", name="请求之书", phones="13812340001", email="who@example.com", owner=str(cast.users["owner"]))
    browser = Browser("admin")
    made = browser.fill("/subject_requests/new", kind="delete", name="周请求", phones="13812340001")
    assert made.status_code == 302, made.content.decode()[-2000:]
    request = reading.query("subject_request", actor=admin, fields=["id"]).rows[0]["id"]
    assert Browser("owner").get(f"/subject_requests/{request}").status_code == 404
    page = browser.read(f"/subject_requests/{request}")
    assert f'value="book:{book}"' in page and "第一步" in page and "匿名化，不能恢复" not in page
    browser.post(f"/subject_requests/{request}", {"step": "tick", "record": [f"book:{book}"]})
    page = browser.read(f"/subject_requests/{request}")
    assert "匿名化，不能恢复" in page and f'value="book:{book}" checked' in page
    assert browser.post(f"/subject_requests/{request}", {"step": "answer"}).status_code == 422
    browser.post(f"/subject_requests/{request}", {"step": "erase", "texts": "1"})
    assert "13812340001" not in Browser("owner").read(f"/books/{book}?tab=history").replace(" ", "")
    browser.post(f"/subject_requests/{request}", {"step": "answer", "answer": "已处理。"})
    page = Browser("admin", "en").read(f"/subject_requests/{request}")
    assert "Answered" in page and "anonymised" in page and "已匿名 PR" in page
