"""Takes the pictures of docs/screenshots of a running demo: python tools/screenshots.py http://127.0.0.1:8000 NAME PASSWORD [FILE …]

NAME is somebody of the sample company, made able to sign in by `./guanxi createuser NAME --password …`; with FILEs, only those are
taken (`home` and `phone-home` are a seller's, wanghao, whose day has something in it; the others a manager's, chenli). The pictures are
kept small: as many colours as a screen of text needs.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def main(base: str, name: str, password: str, *only: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        desk = browser.new_context(viewport=DESK, locale="zh-CN", reduced_motion="reduce")
        page = desk.new_page()
        page.goto(base + "/signin")
        page.fill("input[name=username]", name)
        page.fill("input[type=password]", password)
        page.locator("button.primary").first.click()
        page.wait_for_url(base + "/")
        page.evaluate("fetch('/me/tour', {method: 'POST', headers: {'X-CSRFToken': document.querySelector('[name=csrfmiddlewaretoken]').value}})")

        def take(at: Any, path: str, file: str, before: str = "") -> None:
            if only and file not in only:
                return
            at.goto(base + path)
            at.wait_for_load_state("load")
            at.wait_for_timeout(1500)
            if before:
                at.locator(before).first.click()
                at.wait_for_timeout(1500)
            keep(at.screenshot(), file)

        for path, file, before in (
            ("/", "home", ""),
            ("/customers", "customers", ""),
            ("/opportunities", "opportunities", ""),
            ("/opportunities", "record", "main a.title"),
            ("/opportunities?view=board", "board", ""),
            ("/dashboards/sales.overview", "dashboard", ""),
            ("/customers?view=pool", "help", ".tools > a.help"),
        ):
            take(page, path, file, before)
        deal = page.evaluate("fetch('/api/v1/opportunities?limit=1').then(a => a.json()).then(a => a.data ? a.data[0].id : a.rows[0].id)")
        phone = browser.new_context(viewport=PHONE, locale="zh-CN", is_mobile=True, has_touch=True, device_scale_factor=2, storage_state=desk.storage_state()).new_page()
        for path, file in (("/", "phone-home"), ("/customers", "phone-list"), (f"/opportunities/{deal}", "phone-record")):
            take(phone, path, file)
        dark = browser.new_context(viewport=DESK, locale="zh-CN", color_scheme="dark", storage_state=desk.storage_state()).new_page()
        for path, file in (("/customers", "list-dark"), (f"/opportunities/{deal}", "record-dark"), ("/dashboards/sales.funnel", "funnel-dark")):
            take(dark, path, file)
        browser.close()


def keep(png: bytes, file: str) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(255, dither=Image.Dither.NONE).save(FOLDER / f"{file}.png", optimize=True)
    print(file, (FOLDER / f"{file}.png").stat().st_size // 1024, "KB")


if __name__ == "__main__":
    main(*sys.argv[1:])
