"""Attachments: what may be looked at is shown as what it is, everything else is a download, and nothing of it ever runs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from guanxi.kernel import files
from guanxi.kernel.records import door
from tests.chromium import enter
from tests.surfaces.web.browser import Browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005000201a5a1b2f60000000049454e44ae426082"
)
WAV = b"RIFF" + (36 + 8000).to_bytes(4, "little") + b"WAVEfmt " + bytes.fromhex("1000000001000100401f0000401f000001000800") + b"data" + (8000).to_bytes(4, "little") + b"\x80" * 8000
HTML = b"<!doctype html><script>document.title='ran'</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="ran"</script></svg>'
HELD: dict[str, bytes] = {
    "一.png": PNG, "二.png": PNG + b"\0", "合同.pdf": b"%PDF-1.4\n%", "录音.wav": WAV, "说明.txt": "第一行\n第二行".encode("gb18030"),
    "页面.html": HTML, "图.svg": SVG, "假.png": HTML, "程序.js": b"alert(1)", "网页.txt": HTML, "表.csv": b"a,b\n1,2", "影片.mp4": b"\0\0\0\x18ftypisom\0\0\0\0",
}  # fmt: skip


@pytest.fixture(scope="module")
def book(cast: Any) -> Any:
    owner = cast.actor("owner")
    held = [files.upload(owner, name, [data]) for name, data in HELD.items()]
    return door.perform("book", "create", actor=owner, changes={"name": "有附件的书", "files": held}).id


@pytest.fixture(scope="module")
def urls(book: Any) -> dict[str, str]:
    page = Browser("owner").read(f"/books/{book}?tab=files")
    return {name: url for url, name in re.findall(r'<div><a href="([^"]+)" download>([^<]+)</a>', page)}


def test_a_file_is_shown_by_what_its_bytes_are_never_by_its_name(urls: dict[str, str], book: Any) -> None:
    page = Browser("owner").read(f"/books/{book}?tab=files")
    assert set(urls) == set(HELD)
    found = {name: kind for kind, name in re.findall(r'data-preview="(\w+)" data-name="([^"]+)" aria-label', page)}
    assert found == {
        "一.png": "picture", "二.png": "picture", "合同.pdf": "pdf", "录音.wav": "audio", "说明.txt": "text", "网页.txt": "text", "表.csv": "text", "影片.mp4": "video",
    }  # fmt: skip


def test_nothing_that_was_uploaded_can_run(urls: dict[str, str]) -> None:
    client = Browser("owner")
    types = {"一.png": "image/png", "合同.pdf": "application/pdf", "录音.wav": "audio/wav", "影片.mp4": "video/mp4", "网页.txt": "text/plain; charset=utf-8"}
    for name, url in urls.items():
        for query in ("", "?show=1"):
            answer = client.get(url + query)
            assert answer.status_code == 200 and answer["X-Content-Type-Options"] == "nosniff", name
            policy = answer["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'") and "script-src" not in policy, name
            assert "sandbox" in policy or (name == "合同.pdf" and query), name
            assert answer["Content-Type"] not in ("text/html", "image/svg+xml", "text/javascript", "application/xhtml+xml"), name
            answer.close()
        shown = client.get(url + "?show=1")
        if name in types:
            assert shown["Content-Type"] == types[name] and shown["Content-Disposition"].startswith("inline"), name
        elif name in ("页面.html", "图.svg", "假.png", "程序.js"):
            assert shown["Content-Type"] == "application/octet-stream" and shown["Content-Disposition"].startswith("attachment"), name
        shown.close()
        assert Browser("outsider").get(url + "?show=1").status_code == 404


def test_a_text_is_read_in_its_own_encoding(urls: dict[str, str]) -> None:
    assert Browser("owner").get(urls["说明.txt"] + "?show=1").content.decode() == "第一行\n第二行"


def test_a_player_gets_the_part_it_asks_for(urls: dict[str, str]) -> None:
    client, url = Browser("owner"), urls["录音.wav"] + "?show=1"
    size = len(WAV)
    for asked, first, last in (("bytes=0-3", 0, 3), ("bytes=100-", 100, size - 1), ("bytes=-10", size - 10, size - 1), (f"bytes=5-{size + 99}", 5, size - 1)):
        answer = client.get(url, headers={"Range": asked})
        assert answer.status_code == 206 and answer["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert b"".join(answer.streaming_content) == WAV[first : last + 1] and answer["Content-Length"] == str(last - first + 1)
    assert client.get(url, headers={"Range": f"bytes={size}-"}).status_code == 416
    whole = client.get(url, headers={"Range": "lines=1-2"})
    assert whole.status_code == 200 and b"".join(whole.streaming_content) == WAV


def test_pictures_sound_and_text_are_looked_at_in_the_page(urls: dict[str, str], book: Any, website: str, chromium: Any) -> None:
    from playwright.sync_api import expect

    page, said = enter(chromium, website)
    page.goto(f"{website}/books/{book}?tab=files")
    page.click("a.look[data-name='一.png']")
    page.wait_for_function("() => document.querySelector('dialog.preview img')?.naturalWidth === 1")
    expect(page.locator(".preview h2")).to_have_text("一.png")
    expect(page.locator(".preview .tally")).to_have_text("1 / 7")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".preview h2")).to_have_text("二.png")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".preview h2")).to_have_text("录音.wav")
    page.wait_for_function("() => document.querySelector('dialog.preview audio')?.duration > 0")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".preview pre")).to_have_text("第一行\n第二行")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".preview h2")).to_have_text("录音.wav")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.preview")).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.name") == "录音.wav", "one is where one was"
    page.click("a.look[data-name='网页.txt']")
    expect(page.locator(".preview pre")).to_contain_text("<script>")
    assert page.title() != "ran"
    assert said == []
    page.context.close()
