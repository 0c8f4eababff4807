"""What a browser keeps of the pages, and what it says about them."""

from __future__ import annotations

import json
import re

import pytest

from guanxi.base.ids import uuid7
from guanxi.kernel.records import reading
from guanxi.surfaces.web import static
from tests.surfaces.web.browser import Browser, inputs, words


@pytest.mark.parametrize(("lang", "name"), [("zh-CN", "关系 CRM"), ("en", "Guanxi CRM")])
def test_the_manifest_names_the_application_and_its_pictures(cast, lang, name):
    page = Browser(None, lang)
    address = re.search(r'<link rel="manifest" href="([^"]+)"', page.read("/signin"))
    answer = page.get(address[1])  # type: ignore[index]
    told = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (told["name"], told["start_url"], told["display"]) == (name, "/", "standalone")
    for icon in told["icons"]:
        assert page.get(icon["src"]).headers["Content-Type"] == icon["type"]


def test_the_worker_keeps_what_every_page_needs_and_nothing_big(cast):
    text = Browser().get("/sw.js").content.decode()
    kept = json.loads(re.match(r"const ASSETS = (\[.*?\]);", text)[1])  # type: ignore[index]
    assert {static.url("app.css"), static.url("app.js"), static.url("vendor/htmx.js")} <= set(kept)
    assert static.url("vendor/echarts.js") not in kept and static.url("worker.js") not in kept


@pytest.mark.parametrize(("lang", "text"), [("zh-CN", "没有网络"), ("en", "No connection")])
def test_the_page_without_a_connection_is_nobodys(cast, lang, text):
    html = Browser("owner").read(f"/offline?lang={lang}")
    assert text in words(html) and "王伟" not in html


def test_pages_are_kept_under_their_account(cast):
    owner, teammate = Browser("owner"), Browser("teammate")
    accounts = [one.get("/customers").headers["X-Account"] for one in (owner, teammate)]
    assert accounts[0] != accounts[1] and accounts[0] == owner.get("/tasks").headers["X-Account"]


def test_what_one_account_wrote_is_not_taken_from_another(cast):
    owner, teammate = Browser("owner"), Browser("teammate")
    sent = inputs(teammate.read("/tasks/new")) | {"subject": "别人写的"}
    wrote = owner.get("/tasks").headers["X-Account"]
    answer = teammate.post("/tasks/new", sent, headers={"X-Account": wrote})
    assert answer.status_code == 409 and "另一个账号" in words(answer.content.decode())
    assert reading.query("task", actor=cast.actor("admin"), where={"field": "subject", "op": "=", "value": "别人写的"}, fields=["subject"]).rows == []
    mine = inputs(owner.read("/tasks/new")) | {"subject": "自己写的"}
    assert owner.post("/tasks/new", mine, headers={"X-Account": wrote}).status_code == 302


def test_a_form_sent_twice_says_that_it_was_saved_before(cast):
    owner = Browser("owner")
    sent = inputs(owner.read("/tasks/new")) | {"subject": "只要一次", "once": str(uuid7())}
    first = owner.post("/tasks/new", sent)
    owner.read(first.url)
    again = owner.post("/tasks/new", sent | {"subject": "改过的"})
    assert again.url == first.url
    page = owner.read(again.url)
    assert "任务之前已经保存，以那次的内容为准。" in words(page) and "改过的" not in page
