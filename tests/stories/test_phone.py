"""A phone without a connection: what was opened is read, a follow-up is written, and once there is a connection it is there, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import PASSWORD
from tests.chromium import after, enter

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
HELD = """async (part) => {
  for (const name of await caches.keys()) {
    if (name.startsWith("pages:") && (await (await caches.open(name)).keys()).some((one) => one.url.endsWith(part))) return true;
  }
  return false;
}"""


@pytest.fixture(scope="module")
def customer(cast):
    return door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "离线客户", "phones": "13800138000"}).id


@pytest.fixture(scope="module")
def site(customer, website):
    return website


def follow_ups(cast, content, who="owner"):
    def asked():
        where = {"field": "content", "op": "contains", "value": content}
        return reading.query("activity", actor=cast.actor(who), where=where, fields=["content", "customer", "next_contact_at", "owner"]).rows

    return after(asked)


def verbs(record):
    def asked():
        with sql.work(DEFAULT_WORKSPACE):
            return [event.verb for event in journal.of_records(DEFAULT_WORKSPACE, [("activity", record)])]

    return after(asked)


def installed(page):
    """Until the worker looks after the page and keeps what it keeps ahead."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector("#main")
    page.wait_for_function(HELD, arg="/activities/new?gx-inside=1")


def opened(page, site, path):
    page.goto(site + path)
    page.wait_for_function(HELD, arg=path)


def signed_in(page, site, who):
    page.goto(site + "/signin")
    page.fill("#username", who)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(site + "/")


def test_it_can_be_installed(site, chromium):
    page, _ = enter(chromium, site, **PHONE)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    browser = page.context.new_cdp_session(page)
    told = browser.send("Page.getAppManifest")
    assert told["errors"] == [] and told["url"] == f"{site}/manifest.webmanifest?lang=zh-CN" and '"name":"关系 CRM"' in told["data"]
    # The window of a test is incognito, where nothing is installed; nothing else is amiss.
    assert [one["errorId"] for one in browser.send("Page.getInstallabilityErrors")["installabilityErrors"]] in ([], ["in-incognito"])
    page.context.close()


def test_a_follow_up_written_without_a_connection(cast, site, customer, chromium):
    page, _ = enter(chromium, site, **PHONE)
    installed(page)
    path = f"/customers/{customer}"
    opened(page, site, path)
    page.wait_for_selector("#main h1:has-text('离线客户')")
    page.context.set_offline(True)

    page.goto(site + path)
    page.wait_for_selector("#main h1:has-text('离线客户')")
    page.wait_for_selector("#offline:visible")
    page.goto(f"{site}/opportunities")
    page.wait_for_selector("h1:has-text('没有网络')")

    page.goto(f"{site}/activities/new?customer={customer}")
    page.fill("[name=content]", "地铁里写的跟进")
    page.select_option("[name=kind]", index=1)
    page.fill("[name=next_contact_at]", "2027-03-01T09:30")
    page.click(".saves .primary")
    page.wait_for_selector("#outbox")
    page.goto(site + path)
    page.fill("form[data-box] textarea", "站台上写的跟进")
    page.fill("form[data-box] [name=next_contact_at]", "2027-03-02T10:00")
    page.click("form[data-box] .primary")
    page.wait_for_selector("#outbox:has-text('2')")
    page.wait_for_function("() => document.querySelector('form[data-box] textarea').value === ''")
    assert follow_ups(cast, "写的跟进") == []

    page.context.set_offline(False)
    page.wait_for_selector("#outbox", state="detached")
    page.goto(site + path)
    page.wait_for_selector("#main .written:has-text('站台上写的跟进')")
    found = follow_ups(cast, "写的跟进")
    assert sorted((row["content"], row["customer"]["label"], row["next_contact_at"]) for row in found) == [
        ("地铁里写的跟进", "离线客户", datetime(2027, 3, 1, 1, 30, tzinfo=UTC)), ("站台上写的跟进", "离线客户", datetime(2027, 3, 2, 2, tzinfo=UTC)),
    ]  # fmt: skip
    assert [verbs(row["id"]) for row in found] == [["create"], ["create"]]
    page.context.close()


@pytest.mark.parametrize("way", ["form", "box"])
def test_an_answer_lost_on_the_way_makes_no_second_record(cast, site, customer, chromium, way):
    page, _ = enter(chromium, site, service_workers="block", **PHONE)
    page.goto(f"{site}/activities/new?customer={customer}" if way == "form" else f"{site}/customers/{customer}")
    lost = []

    def lose(route):
        """The server takes the form; its answer never arrives."""
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/activities/new*", lose)
    words = f"回信丢了 {way}"
    if way == "form":
        page.fill("[name=content]", words)
        page.select_option("[name=kind]", index=1)
        page.click(".saves .primary")
    else:
        page.fill("form[data-box] textarea", words)
        page.click("form[data-box] .primary")
    page.wait_for_selector("#outbox")
    page.click("#outbox")
    page.click("#outbox-list .primary")
    page.wait_for_selector("#outbox", state="detached")
    found = follow_ups(cast, words)
    assert lost == [200] and [verbs(row["id"]) for row in found] == [["create"]]
    page.context.close()


def test_what_is_refused_waits_for_its_writer(cast, site, customer, chromium):
    page, _ = enter(chromium, site, service_workers="block", **PHONE)
    page.goto(f"{site}/activities/new?customer={customer}")
    page.context.set_offline(True)
    page.fill("[name=content]", "时间写错了")
    page.select_option("[name=kind]", index=1)
    page.evaluate("document.querySelector('[name=happened_at]').type = 'text'")
    page.fill("[name=happened_at]", "不是时间")
    page.click(".saves .primary")
    page.wait_for_selector("#outbox")
    page.context.set_offline(False)
    page.wait_for_selector("#outbox.refused")
    assert follow_ups(cast, "时间写错了") == []
    page.click("#outbox")
    page.wait_for_selector("#outbox-list .error:not(:empty)")
    page.click("#outbox-list li .button:not(.danger)")
    page.wait_for_function("() => document.querySelector('#dialog[open] [name=content]')?.value === '时间写错了'")
    page.fill("#dialog [name=happened_at]", "2026-01-05T10:00")
    page.click("#dialog .saves .primary")
    page.wait_for_selector("#outbox", state="detached")
    assert len(follow_ups(cast, "时间写错了")) == 1
    page.context.close()


def test_what_is_kept_is_the_account_s_alone(site, customer, chromium):
    page, _ = enter(chromium, site, **PHONE)
    installed(page)
    opened(page, site, f"/customers/{customer}")
    page.click(".account summary")
    page.click("form[action='/signout'] button")
    page.wait_for_url("**/signin*")
    page.wait_for_function("() => caches.keys().then((names) => !names.some((one) => one.startsWith('pages:')))")
    page.context.set_offline(True)
    page.goto(f"{site}/customers/{customer}")
    page.wait_for_selector("h1:has-text('没有网络')")
    page.context.set_offline(False)
    signed_in(page, site, "outsider")
    installed(page)
    page.context.set_offline(True)
    page.goto(f"{site}/customers/{customer}")
    page.wait_for_selector("h1:has-text('没有网络')")
    assert "离线客户" not in page.content()
    page.context.close()


def test_what_waits_is_sent_by_its_writer_alone(cast, site, customer, chromium):
    """Somebody's sign-in ends while something waits; the next person at this browser neither sees nor sends it."""
    page, _ = enter(chromium, site, service_workers="block", **PHONE)
    page.goto(f"{site}/customers/{customer}")
    page.wait_for_selector("form[data-box]")
    other = page.context.new_page()
    page.context.set_offline(True)
    page.fill("form[data-box] textarea", "只有我能发")
    page.click("form[data-box] .primary")
    page.wait_for_selector("#outbox")
    page.context.clear_cookies()
    page.context.set_offline(False)
    signed_in(other, site, "teammate")
    with page.expect_response(lambda answer: "/activities/new" in answer.url and answer.request.method == "POST") as answered:
        page.click("#outbox")
        page.click("#outbox-list .primary")
    assert answered.value.status in (403, 409)
    assert other.locator("#outbox").count() == 0 and follow_ups(cast, "只有我能发", "admin") == []
    signed_in(other, site, "owner")
    other.wait_for_selector("#outbox", state="detached")
    other.wait_for_function("""() => new Promise((done) => { const asked = indexedDB.open("guanxi", 1);
      asked.onsuccess = () => { const all = asked.result.transaction("outbox").objectStore("outbox").count(); all.onsuccess = () => done(all.result === 0); }; })""")
    assert [row["owner"]["label"] for row in follow_ups(cast, "只有我能发", "admin")] == ["王伟"]
    page.context.close()


def test_signing_out_leaves_nothing_on_the_device(cast, site, customer, chromium):
    page, _ = enter(chromium, site, service_workers="block", **PHONE)
    page.goto(f"{site}/customers/{customer}")
    page.wait_for_selector("form[data-box]")
    page.route("**/activities/new*", lambda route: route.abort())
    page.fill("form[data-box] textarea", "退出就没了")
    page.click("form[data-box] .primary")
    page.wait_for_selector("#outbox")
    page.click(".account summary")
    page.click("form[action='/signout'] button")
    page.click("dialog.ask .danger")
    page.wait_for_url("**/signin*")
    page.unroute("**/activities/new*")
    signed_in(page, site, "owner")
    page.wait_for_selector("#main")
    assert page.locator("#outbox").count() == 0 and follow_ups(cast, "退出就没了") == []
    page.context.close()
