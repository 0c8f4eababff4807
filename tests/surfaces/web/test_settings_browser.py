"""The settings in Chromium: axe finds nothing, nothing runs over the side, and the keyboard is enough."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.kernel.records import reading
from tests.chromium import enter
from tests.looking import DARK, DESK, LIGHT, PHONE, axe, too_wide, with_axe


@pytest.fixture(scope="module")
def places(cast) -> dict[str, str]:
    """A page of each kind."""
    admin = cast.actor("admin")
    first = {name: reading.query(name, actor=admin, fields=["id"], limit=1).rows[0]["id"] for name in ("role", "pipeline", "dictionary")}
    return {
        "overview": "/settings", "me": "/me", "sample": "/settings/sample", "company": "/settings/company", "people": "/users",
        "tree": f"/settings/departments?move={cast.departments['二组']}", "roles": "/roles", "role": f"/roles/{first['role']}?fields=book",
        "holders": f"/roles/{first['role']}?tab=people", "told": f"/roles/{first['role']}?tab=history", "new role": "/roles/new",
        "pipeline": f"/pipelines/{first['pipeline']}", "dictionary": f"/dictionaries/{first['dictionary']}",
        "first": "/welcome", "second": "/welcome?step=people", "third": "/welcome?step=data", "home": "/",
    }  # fmt: skip


@pytest.fixture(scope="module")
def site(places, website) -> str:
    return website


def _enter(browser: Any, site: str, **how: Any) -> Any:
    return enter(browser, site, "admin", **how)[0]


def test_axe_finds_nothing_and_nothing_runs_over_the_side(site, places, chromium):
    """Each page at a desk, light and the colours of dark, and on a phone, in one visit."""
    page = with_axe(_enter(chromium, site))
    found = []
    for name, url in places.items():
        page.goto(site + url)
        for size, scheme, only in ((DESK, LIGHT, ()), (DESK, DARK, ("color-contrast",)), (PHONE, LIGHT, ())):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += [(name, size["width"], scheme, one) for one in axe(page, *only)]
            if (over := too_wide(page)) > 0:
                found.append((name, size["width"], over))
        page.set_viewport_size(DESK)
    page.context.close()
    assert found == []


def test_parts_move_and_are_added_by_keyboard(site, places, chromium, cast):
    page = _enter(chromium, site)
    page.goto(site + places["dictionary"])
    before = page.locator(".parts tbody:not(.new) td:nth-child(2) > input[type=text]").evaluate_all("all => all.map(one => one.value)")
    page.locator(f'button[aria-label="下移 {before[0]}"]').press("Enter")
    page.wait_for_load_state()
    now = page.locator(".parts tbody:not(.new) td:nth-child(2) > input[type=text]").evaluate_all("all => all.map(one => one.value)")
    assert now[:2] == [before[1], before[0]] and now[2:] == before[2:]
    page.locator(".parts .new input[type=text]").first.focus()
    page.keyboard.type("新来的一项")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已保存 1 处修改")
    assert page.locator(".parts tbody:not(.new) td:nth-child(2) > input[type=text]").last.input_value() == "新来的一项"
    page.context.close()


def test_without_script_rights_are_ticked_and_levels_open(site, places, chromium, cast):
    page = _enter(chromium, site, java_script_enabled=False)
    page.goto(site + places["role"].partition("?")[0])
    page.locator("#author details.levels summary").click()
    page.locator("#author details.levels a").click()
    page.select_option("#l-author-country", "hidden")
    page.locator("button", has_text="保存权限").click()
    assert "权限已保存" in page.inner_text(".said")
    assert "看不到国家" in page.inner_text("#says-author") or "国家" in page.inner_text("#author")
    page.context.close()
