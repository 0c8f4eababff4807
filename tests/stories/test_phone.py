"""A phone without a connection: what was opened is read, a follow-up is written, and once there is a connection it is there, once."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from datetime import UTC, datetime

import pytest

from guanxi.kernel.journal import events as journal
from guanxi.kernel.records import door, reading
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import PASSWORD
from tests.chromium import after, enter
from tests.hands import WAYS, hands

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


def picture() -> bytes:
    """A PNG of one point."""
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))  # noqa: E731
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def sound(seconds: int = 2) -> bytes:
    """Silence as a WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(b"\0\0" * 8000 * seconds)
    return out.getvalue()


def test_a_photo_and_a_recording_go_along_and_are_seen_and_heard(cast, site, customer, chromium):
    page, said = enter(chromium, site, **PHONE)
    page.goto(f"{site}/customers/{customer}")
    taken = {kind: page.locator(f"form[data-box] input[accept='{kind}/*']") for kind in ("image", "audio")}
    assert [one.get_attribute("capture") for one in taken.values()] == ["environment", "user"]
    assert all(page.locator(f"form[data-box] label:has(input[accept='{kind}/*'])").is_visible() for kind in taken)
    taken["image"].set_input_files({"name": "门头.png", "mimeType": "image/png", "buffer": picture()})
    taken["audio"].set_input_files({"name": "语音.wav", "mimeType": "audio/wav", "buffer": sound()})
    page.wait_for_selector(".picked li >> nth=1")
    page.fill("form[data-box] textarea", "拍了门头，录了音")
    page.tap("form[data-box] .primary")
    page.wait_for_selector(".written:has-text('拍了门头') img.thumb")
    page.wait_for_function("() => { const it = document.querySelector('.written img.thumb'); it.scrollIntoView(); return it.complete && it.naturalWidth === 1; }")
    player = page.locator(".written:has-text('拍了门头') audio").first
    # What it plays, apart from the page: that is drawn anew when it hears of the new record, and would take the player away.
    assert player.evaluate("(shown) => new Promise((done, failed) => { const it = new Audio(shown.src); it.onplaying = () => { it.currentTime = 1; }; it.onseeked = () => done(Math.round(it.duration)); it.onerror = () => failed(it.error.message); it.muted = true; it.play().catch(failed); })") == 2
    assert said == []
    page.context.close()


def test_calling_and_copying_from_a_record_and_from_a_card_of_the_list(site, customer, chromium):
    page, said = enter(chromium, site, **PHONE, permissions=["clipboard-read", "clipboard-write"])
    for path, within in (("/customers", "#main tbody"), (f"/customers/{customer}", "#main .facts")):
        page.goto(site + path)
        call = page.locator(f"{within} a[href='tel:+8613800138000']").first
        box = call.bounding_box()
        assert box["height"] >= 40 and box["x"] >= 0 and box["x"] + box["width"] <= 390
        page.evaluate("navigator.clipboard.writeText('')")
        page.tap(f"{within} [data-copy='13800138000']")
        page.wait_for_selector("#toasts :text('已复制：13800138000')")
        assert page.evaluate("navigator.clipboard.readText()") == "13800138000"
    assert said == []
    page.context.close()


def test_the_bar_under_the_thumb(site, customer, chromium):
    page, _ = enter(chromium, site, **PHONE)
    bar = page.locator("nav.bottom")
    assert bar.locator(":scope > *").count() == 5 and bar.bounding_box()["y"] > 780
    for one in bar.locator(":scope > *").all():
        assert min(one.bounding_box()["height"], one.bounding_box()["width"]) >= 44
    page.tap("nav.bottom a[href='/customers']")
    page.wait_for_url(site + "/customers")
    page.tap("nav.bottom summary")
    page.tap("nav.bottom .pop a[href='/activities/new']")
    page.wait_for_selector("#dialog[open] [name=content]")
    page.context.close()


def test_it_can_be_installed(site, chromium):
    page, _ = enter(chromium, site, **PHONE)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    browser = page.context.new_cdp_session(page)
    told = browser.send("Page.getAppManifest")
    assert told["errors"] == [] and told["url"] == f"{site}/manifest.webmanifest?lang=zh-CN" and '"name":"关系 CRM"' in told["data"]
    # The window of a test is incognito, where nothing is installed; nothing else is amiss.
    assert [one["errorId"] for one in browser.send("Page.getInstallabilityErrors")["installabilityErrors"]] in ([], ["in-incognito"])
    page.context.close()


@pytest.mark.parametrize("how", WAYS)
def test_a_follow_up_written_without_a_connection(cast, site, customer, chromium, how):
    page, said = enter(chromium, site, **PHONE)
    hand, where = hands(how, page), {"pointer": ("地铁", "站台"), "keyboard": ("车上", "路边")}[how]
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
    hand.fill("[name=content]", f"{where[0]}写的跟进")
    hand.select("[name=kind]", "微信")
    hand.fill("[name=next_contact_at]", "2027-03-01T09:30")
    hand.click(".saves .primary")
    page.wait_for_selector("#outbox")
    page.goto(site + path)
    hand.fill("form[data-box] textarea", f"{where[1]}写的跟进")
    hand.fill("form[data-box] [name=next_contact_at]", "2027-03-02T10:00")
    hand.click("form[data-box] .primary")
    page.wait_for_selector("#outbox:has-text('2')")
    page.wait_for_function("() => document.querySelector('form[data-box] textarea').value === ''")
    written = lambda: [row for one in where for row in follow_ups(cast, f"{one}写的跟进")]  # noqa: E731
    assert written() == []

    page.context.set_offline(False)
    page.wait_for_selector("#outbox", state="detached")
    page.goto(site + path)
    page.wait_for_selector(f"#main .written:has-text('{where[1]}写的跟进')")
    found = written()
    assert [(row["content"], row["customer"]["label"], row["next_contact_at"]) for row in found] == [
        (f"{where[0]}写的跟进", "离线客户", datetime(2027, 3, 1, 1, 30, tzinfo=UTC)), (f"{where[1]}写的跟进", "离线客户", datetime(2027, 3, 2, 2, tzinfo=UTC)),
    ]  # fmt: skip
    assert [verbs(row["id"]) for row in found] == [["create"], ["create"]]
    assert [line for line in said if "pointed at" in line] == []
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
    with page.expect_response(lambda answer: "/activities/new" in answer.url):  # of nobody; its answer brings a cookie of its own, which a sign-in would not survive
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
