"""What the stories do, by keyboard alone: nothing is pointed at, everything is reached by Tab, arrows and the keys pages name, and whoever is
somewhere is somewhere that is seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guanxi.kernel.records import door, reading
from guanxi.surfaces.jobs import worker
from tests.cast import Cast
from tests.chromium import after, enter
from tests.hands import AT, Keys, sign_in


@pytest.fixture(scope="module")
def site(cast: Cast, website: str) -> str:
    owner, now = cast.actor("owner"), datetime.now(UTC)
    for days, name in ((5, "海棠贸易有限公司"), (3, "木棉服饰有限公司")):
        door.perform("customer", "create", actor=owner, changes={"name": name, "next_contact_at": now - timedelta(days=days)})
    customer = door.perform("customer", "create", actor=owner, changes={"name": "云山科技有限公司"}).id
    door.perform("opportunity", "create", actor=owner, changes={"name": "别的商机", "customer": customer})
    door.perform("lead", "create", actor=owner, changes={"name": "海棠展会", "company": "海棠工艺有限公司", "person": "林夏", "phones": "13700137000"})
    door.perform("lead", "create", actor=owner, changes={"name": "云山展会", "company": "云山科技有限公司", "person": "何欢", "phones": "13800138000"})
    return website


def one(cast: Cast, name: str, where: str, fields: list[str], who: str = "owner") -> dict[str, Any]:
    rows = after(lambda: reading.query(name, actor=cast.actor(who), where=where, fields=fields).rows)
    assert len(rows) == 1, rows
    return dict(rows[0])


def test_signing_in_and_the_morning(cast: Cast, site: str, chromium: Any) -> None:
    page = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
    keys = Keys(page)
    sign_in(page, keys, site)
    keys.main()
    keys.to("#today a[href*='next_contact_at']")
    keys.press("Enter")
    page.wait_for_selector("#list a.title")
    keys.press("j")
    keys.at("a.title")
    first = page.evaluate("document.activeElement.textContent")
    keys.press("Enter")
    page.wait_for_selector("#drawer[open] form.box")
    keys.at("#drawer .content")
    keys.press("f")
    keys.at("#drawer form.box textarea")
    keys.type("电话确认了报价")
    keys.to("#drawer [data-at]")
    keys.press("Enter")
    keys.press("Control+Enter")
    page.wait_for_selector("#drawer .written:has-text('电话确认了报价')")
    keys.at("#drawer *")
    keys.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    keys.at("#main *, #main")
    row = one(cast, "activity", 'content contains "电话确认了报价"', ["customer"])
    assert row["customer"]["label"] == first
    page.context.close()


def test_a_card_that_may_not_move_keeps_who_is_on_it(cast: Cast, site: str, chromium: Any) -> None:
    """The card's own way to all columns is one Tab on, and asks what the move needs."""
    page, said = enter(chromium, site)
    keys = Keys(page)
    page.goto(site + "/leads?view=board")
    page.wait_for_selector(".slip")
    keys.main()
    keys.to(".slip")
    keys.press("Shift+ArrowRight")
    page.wait_for_selector(".toast.wrong")
    keys.at(".slip")
    keys.to(".slip a[href*='/put']")
    keys.press("Enter")
    page.wait_for_selector("#dialog[open] .inside")
    keys.to("#dialog [value=converted], #dialog a[href*='convert']")
    keys.press("Enter")
    page.wait_for_selector("#dialog #i-with_opportunity")
    keys.at("#dialog *")
    keys.choose("#dialog #i-with_opportunity", "是")
    keys.to("#i-amount")
    keys.type("52000")
    keys.press("Control+Enter")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    page.wait_for_selector(".slip:has-text('云山展会')", state="detached")
    keys.at("#main, #main *")
    deal = one(cast, "opportunity", 'name = "云山展会"', ["result", "amount"])
    assert (deal["result"], deal["amount"]["amount"]) == ("open", Decimal("52000.00"))
    assert said == []
    page.context.close()


def test_from_a_lead_to_a_won_deal(cast: Cast, site: str, chromium: Any) -> None:
    """Signed in, a lead converted, its deal found on the board and taken through its stages to won: focus stays on the card, and
    where it is is said."""
    page = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
    keys = Keys(page)

    def said(words: str) -> None:
        try:
            page.wait_for_function("(words) => document.querySelector('#moved').textContent.includes(words)", arg=words, timeout=10_000)
        except Exception as error:
            raise AssertionError(f"it says {page.inner_text('#moved')!r}, toasts {page.locator('.toast').all_inner_texts()}, not {words!r}") from error

    sign_in(page, keys, site)

    keys.press("g", page.get_attribute("nav a[href='/leads'][data-go]", "data-go"))
    page.wait_for_url("**/leads")
    page.wait_for_selector("#list a.title:has-text('海棠展会')")
    for _ in range(5):
        keys.press("j")
        keys.at("#list a.title")
        if page.evaluate("document.activeElement.textContent") == "海棠展会":
            break
    keys.press("Enter")
    page.wait_for_selector("#drawer[open] .inside")
    keys.at("#drawer .content")
    keys.to("#drawer a[href$='/convert']")
    keys.press("Enter")
    page.wait_for_selector("#dialog #i-with_opportunity")
    keys.at("#dialog *")
    keys.choose("#dialog #i-with_opportunity", "是")
    keys.to("#dialog #i-amount")
    keys.type("52000")
    keys.press("Control+Enter")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    keys.at("#drawer *")
    keys.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")

    keys.press("g", page.get_attribute("nav a[href='/opportunities'][data-go]", "data-go"))
    page.wait_for_url("**/opportunities")
    keys.main()
    keys.to("a[href*='view=board']")
    keys.press("Enter")
    page.wait_for_selector("gx-board .slip[tabindex='0']")
    keys.to(".slip")
    own = page.evaluate("[...document.querySelectorAll('.slip')].find((one) => one.textContent.includes('海棠展会')).id")
    card = f"#{own}"
    if not page.evaluate(AT, card):
        keys.to(card, 5, "ArrowDown")

    # what the stage needs is asked for; left alone, the card is back and held
    keys.press("Shift+ArrowRight")
    page.wait_for_selector("#dialog[open] #i-needs")
    keys.at("#dialog #i-needs")
    keys.press("Escape")
    page.wait_for_selector("#dialog:not([open])", state="attached")
    said("海棠展会：在“初步接触”，第 1 张")
    keys.at(f".lane[aria-label='初步接触'] {card}[tabindex='0']")
    keys.press("Shift+ArrowRight")
    page.wait_for_selector("#dialog[open] #i-needs")
    keys.type("一套 CRM")
    keys.press("Control+Enter")
    said("海棠展会：在“需求确认”，第 1 张，共 1 张")
    keys.at(f".lane[aria-label='需求确认'] {card}[tabindex='0']")

    # taken back by the button that is offered, and done again: nothing is asked twice
    keys.to(".toast.done button:not(.shut)")
    keys.press("Enter")
    said("海棠展会：在“初步接触”，第 1 张")
    keys.at(f".lane[aria-label='初步接触'] {card}[tabindex='0']")
    keys.press("Shift+ArrowRight")
    said("海棠展会：在“需求确认”")
    keys.at(f".lane[aria-label='需求确认'] {card}[tabindex='0']")

    keys.press("Shift+ArrowRight")
    page.wait_for_selector("#dialog[open] #i-expected_close")
    keys.at("#dialog #i-expected_close")
    for order in ("01312027", "31012027", "20270131"):  # whichever the browser writes a date in
        keys.press("ArrowLeft", "ArrowLeft")
        keys.type(order)
        if page.evaluate("document.activeElement.value") == "2027-01-31":
            break
    keys.press("Control+Enter")
    said("海棠展会：在“方案报价”")
    keys.at(f".lane[aria-label='方案报价'] {card}[tabindex='0']")
    keys.press("Shift+ArrowRight")
    said("海棠展会：在“商务谈判”")
    keys.at(f".lane[aria-label='商务谈判'] {card}[tabindex='0']")

    # into a folded column: the card is gone from sight, so one goes on at what is left
    keys.press("Shift+ArrowRight")
    page.wait_for_selector("#dialog[open] #i-won_reason")
    keys.at("#dialog *")
    if not page.evaluate(AT, "#i-won_reason"):
        keys.to("#dialog #i-won_reason")
    keys.type("服务好")
    keys.press("Control+Enter")
    said("海棠展会：在“赢单”，共 1 张")
    keys.at(".slip[tabindex='0']")

    deal = one(cast, "opportunity", 'name = "海棠展会"', ["result", "won_reason", "needs", "expected_close", "amount"])
    assert (deal["result"], deal["won_reason"], deal["needs"], deal["amount"]["amount"]) == ("won", "服务好", "一套 CRM", Decimal("52000.00"))
    assert str(deal["expected_close"]) == "2027-01-31"
    history = after(lambda: reading.query("stage_history", actor=cast.actor("owner"), where=f"opportunity = {deal['id']}", fields=["to_stage"], sort="entered_at").rows)
    assert [row["to_stage"]["label"] for row in history] == ["初步接触", "需求确认", "初步接触", "需求确认", "方案报价", "商务谈判", "赢单"]
    assert one(cast, "lead", 'name = "海棠展会"', ["status"])["status"] == "converted"
    page.context.close()


def test_filtering_and_keeping_a_view(cast: Cast, site: str, chromium: Any) -> None:
    page, said = enter(chromium, site)
    keys = Keys(page)
    page.goto(site + "/customers")
    keys.main()
    keys.to(".filters input[name=q]")
    keys.type("贸易")
    keys.press("Enter")
    page.wait_for_url("**q=*")
    page.wait_for_function("() => document.querySelectorAll('#list a.title').length === 1")
    keys.at("#main, #main *")
    keys.to("a[href*='save-view']")
    keys.press("Enter")
    page.wait_for_selector("#dialog[open] form")
    keys.at("#dialog input[name=name]")
    keys.type("做贸易的")
    keys.press("Control+Enter")
    page.wait_for_selector(".views a[aria-current]:has-text('做贸易的')")
    view = one(cast, "view", 'name = "做贸易的"', ["object_name", "settings"])
    assert view["object_name"] == "customer" and "贸易" in str(view["settings"]["where"])
    assert said == []
    page.context.close()


def test_one_value_in_its_place(cast: Cast, site: str, chromium: Any) -> None:
    page, said = enter(chromium, site)
    keys = Keys(page)
    record = one(cast, "customer", 'name = "木棉服饰有限公司"', ["id"])["id"]
    page.goto(f"{site}/customers/{record}")
    keys.main()
    keys.to("a.amend[href$='/field/short_name']")
    keys.press("e")
    keys.at("form.value input")
    keys.type("木棉")
    keys.press("Enter")
    page.wait_for_selector("[data-shown=short_name]:has-text('木棉')")
    keys.at("a.amend[href$='/field/short_name']")
    keys.press("Enter")
    keys.at("form.value input")
    keys.type("不要了")
    keys.press("Escape")
    keys.at("a.amend[href$='/field/short_name']")
    assert one(cast, "customer", f"id = {record}", ["short_name"])["short_name"] == "木棉"
    assert said == []
    page.context.close()


def test_the_import_wizard(cast: Cast, site: str, chromium: Any) -> None:
    """The file is chosen by keyboard: a space opens the system's own window, which is answered for it, and the next step comes by itself."""
    page, said = enter(chromium, site)
    keys = Keys(page)
    page.goto(site + "/customers")
    keys.main()
    keys.to("a[href='/customers/import']")
    keys.press("Enter")
    page.wait_for_url("**/customers/import")
    keys.main()
    keys.to("#file")
    with page.expect_file_chooser() as asked:
        keys.press(" ")
    asked.value.set_files({"name": "叶.csv", "mimeType": "text/csv", "buffer": "客户名称,电话\n三叶贸易有限公司,13900139000\n四叶贸易有限公司,13900139001\n".encode()})
    page.wait_for_selector("#mapping")
    keys.main()
    keys.to(".goes-on button[value=try]")
    keys.press("Enter")
    page.wait_for_url("**trial=*")
    after(lambda: asyncio.run(worker.work(2, until_empty=True)))
    page.wait_for_selector("#trial .tabs")
    keys.main()
    keys.to("button[value=import]")
    keys.press("Enter")
    page.wait_for_url("**/jobs/*")
    after(lambda: asyncio.run(worker.work(2, until_empty=True)))
    found = after(lambda: reading.query("customer", actor=cast.actor("owner"), where='name contains "叶贸易"', fields=["name"], sort=["name"]).rows)
    assert [row["name"] for row in found] == ["三叶贸易有限公司", "四叶贸易有限公司"]
    assert said == []
    page.context.close()


def test_a_role_s_rights(cast: Cast, site: str, chromium: Any) -> None:
    page, said = enter(chromium, site, who="admin")
    keys = Keys(page)
    keys.press("g", ",")
    page.wait_for_url("**/settings")
    keys.main()
    keys.to("#main a[href='/roles'], nav a[href='/roles']")
    keys.press("Enter")
    page.wait_for_url("**/roles")
    keys.main()
    keys.to("a[href='/roles/new']")
    keys.press("Enter")
    page.wait_for_selector("#i-name")
    if not page.evaluate(AT, "#i-name"):
        keys.to("#i-name")
    keys.type("只看客户")
    keys.press("Control+Enter")
    page.wait_for_function("() => !document.querySelector('dialog.layer[open]') && document.querySelector('#main').textContent.includes('只看客户')")
    role = one(cast, "role", 'name = "只看客户"', ["id"], "admin")["id"]
    if not page.locator("table.rights").count():
        keys.at("#main *, #main")
        keys.to(f"a[href='/roles/{role}']")
        keys.press("Enter")
    page.wait_for_selector("table.rights")
    keys.main()
    keys.to("input[name='v.customer'][value=read]", most=400)
    keys.press(" ")
    keys.choose("#r-customer", "全部")
    keys.press("Control+Enter")
    page.wait_for_selector("#toasts .toast")
    role = one(cast, "role", 'name = "只看客户"', ["grants"], "admin")
    assert role["grants"]["customer"]["verbs"] == ["read"] and role["grants"]["customer"]["read"] == "all"
    assert said == []
    page.context.close()
