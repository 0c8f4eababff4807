"""Two people at one record, each in a browser: they see each other, changes appear by themselves, a true conflict is decided
field by field, by pointer and by keyboard alone, and nothing is overwritten silently."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.kernel.records import door, reading, telling
from tests.cast import Cast
from tests.chromium import after, enter
from tests.hands import WAYS, Keys, Pointer, hands


@pytest.fixture(scope="module")
def customer(cast: Cast) -> Any:
    owner = cast.actor("owner")
    one = door.perform("customer", "create", actor=owner, changes={"name": "长风机械有限公司", "grade": "vip"}).id
    door.perform("customer", "share", actor=owner, id=one, inputs={"user": cast.users["teammate"], "level": "write"})
    return one


@pytest.fixture(scope="module")
def two(customer: Any, whole_site: str, chromium: Any) -> Any:
    """王伟 and 李娜, each in a browser of their own."""
    mine, theirs = enter(chromium, whole_site, "owner"), enter(chromium, whole_site, "teammate")
    yield mine[0], theirs[0]
    for page, said in (mine, theirs):
        page.context.close()
        assert said == []


def amend(page: Any, field: str, text: str, save: bool = True, hand: Pointer | Keys | None = None) -> None:
    hand, place = hand or Pointer(page), f".facts [data-value]:has([data-shown='{field}'])"
    if isinstance(hand, Pointer):
        page.hover(place)
    hand.click(f"{place} a.amend")
    page.wait_for_selector(f"form.value [name='{field}']")
    hand.fill(f"form.value [name='{field}']", text)
    if save:
        page.keyboard.press("Enter")
        page.wait_for_selector("form.value", state="detached")


def test_they_see_each_other_and_what_the_other_changes(two: Any, whole_site: str, customer: Any) -> None:
    from playwright.sync_api import expect

    mine, theirs = two
    mine.goto(f"{whole_site}/customers/{customer}")
    theirs.goto(f"{whole_site}/customers/{customer}")
    expect(mine.locator(".present .avatar")).to_have_attribute("title", "李娜 正在查看", timeout=15000)
    expect(theirs.locator(".present .avatar")).to_have_attribute("title", "王伟 正在查看", timeout=15000)

    amend(theirs, "name", "长风机械股份有限公司", save=False)
    expect(mine.locator(".present")).to_contain_text("李娜 正在编辑", timeout=15000)
    theirs.keyboard.press("Enter")
    expect(mine.locator("h1")).to_have_text("长风机械股份有限公司", timeout=15000)
    expect(mine.locator(".facts .just")).to_have_text("李娜 刚刚修改")
    expect(mine.locator(".happened li.fresh")).to_have_count(1)
    expect(mine.locator(".happened li").first).to_contain_text("李娜")
    expect(mine.locator(".present small")).to_have_count(0, timeout=15000)

    theirs.goto(whole_site + "/customers")
    expect(mine.locator(".present")).to_have_count(0, timeout=15000)  # said at once; were it not, it would be 30 s later


def test_a_list_is_kept_up_to_date_and_announces_what_is_new(two: Any, whole_site: str, cast: Cast, customer: Any) -> None:
    from playwright.sync_api import expect

    mine, theirs = two
    theirs.goto(whole_site + "/customers")
    row = theirs.locator("tbody tr", has_text="长风机械")
    mine.goto(f"{whole_site}/customers/{customer}")
    amend(mine, "name", "长风集团")
    expect(theirs.locator("tbody tr", has_text="长风集团")).to_have_count(1, timeout=15000)
    expect(row).to_have_count(0)
    new = after(lambda: door.perform("customer", "create", actor=cast.actor("teammate"), changes={"name": "新来的客户"}).id)
    expect(theirs.locator(".newer")).to_contain_text("1 条新数据", timeout=15000)
    assert theirs.locator("tbody tr", has_text="新来的客户").count() == 0, "nothing moves by itself"
    theirs.click(".newer button")
    expect(theirs.locator("tbody tr", has_text="新来的客户")).to_have_count(1)
    assert new is not None


@pytest.mark.parametrize("how", WAYS)
def test_a_true_conflict_is_shown_side_by_side_and_decided(two: Any, whole_site: str, cast: Cast, customer: Any, how: str) -> None:
    from playwright.sync_api import expect

    mine, theirs = two
    my, their = (hands(how, page, shared=True) for page in two)
    n, grade = {"pointer": ("", "key"), "keyboard": ("二", "vip")}[how]
    for page in two:
        page.goto(f"{whole_site}/customers/{customer}")
    # in place: 王伟 types while 李娜 saves
    amend(mine, "short_name", f"长风{n}", save=False, hand=my)
    expect(theirs.locator(".present")).to_contain_text("王伟 正在编辑", timeout=15000)
    amend(theirs, "short_name", f"长风机械{n}", hand=their)
    expect(mine.locator("form.value .just")).to_contain_text(f"李娜 刚刚改为 长风机械{n}", timeout=15000)
    assert mine.input_value("form.value [name=short_name]") == f"长风{n}", "what is being typed stays"
    mine.keyboard.press("Enter")
    mine.wait_for_selector("form.value [role=alert]")
    expect(mine.locator("form.value [role=alert]")).to_contain_text(f"长风机械{n}")
    expect(mine.locator("form.value [role=alert]")).to_contain_text("李娜")
    my.click("form.value .keeps button.primary")
    mine.wait_for_selector("form.value", state="detached")
    if isinstance(my, Keys):
        my.at("a.amend[href$='/field/short_name']")
    expect(theirs.locator("[data-shown=short_name]")).to_have_text(f"长风{n}", timeout=15000)

    # by the form: two fields clash and are decided differently, a third is put together by itself
    my.click(".heading a[data-key=e]")
    mine.wait_for_selector("#dialog #i-name")
    my.fill("#dialog #i-name", f"长风（王伟）{n}")
    my.fill("#dialog #i-short_name", f"王伟的{n}")
    amend(theirs, "name", f"长风（李娜）{n}", hand=their)
    amend(theirs, "short_name", f"李娜的{n}", hand=their)
    after(lambda: door.perform("customer", "update", actor=cast.actor("teammate"), id=customer, changes={"grade": grade}))
    my.click("#dialog .saves button.primary")
    mine.wait_for_selector("#dialog .both")
    expect(mine.locator("#dialog .both")).to_have_count(2)
    expect(mine.locator("#dialog .both").first).to_contain_text(f"长风（李娜）{n}")
    my.click("#dialog .saves button.primary")
    expect(mine.locator("#dialog .error").first).to_have_text("请选择保留哪一个。")
    my.check("#dialog input[name='keep.name'][value=theirs]")
    my.check("#dialog input[name='keep.short_name'][value=mine]")
    my.click("#dialog .saves button.primary")
    mine.wait_for_selector("#dialog:not([open])", state="attached")
    if isinstance(my, Keys):
        my.at(".heading a[data-key=e]")
    expect(mine.locator("[data-shown=short_name]").first).to_have_text(f"王伟的{n}")
    expect(theirs.locator("[data-shown=short_name]").first).to_have_text(f"王伟的{n}", timeout=15000)

    row, events = after(lambda: (reading.get("customer", customer, actor=cast.actor("owner")), telling.history("customer", customer, actor=cast.actor("owner"))))
    assert (row["name"], row["short_name"], row["grade"]) == (f"长风（李娜）{n}", f"王伟的{n}", grade)
    said = [(e.actor["label"], {k: v[1] for k, v in e.changes.items() if k in ("name", "short_name", "grade")}) for e in events[:6]]
    assert said == [
        ("王伟", {"short_name": f"王伟的{n}"}), ("李娜", {"grade": grade}), ("李娜", {"short_name": f"李娜的{n}"}), ("李娜", {"name": f"长风（李娜）{n}"}),
        ("王伟", {"short_name": f"长风{n}"}), ("李娜", {"short_name": f"长风机械{n}"}),
    ]  # fmt: skip


def test_they_talk_about_it_under_it(two: Any, whole_site: str, cast: Cast, customer: Any) -> None:
    from playwright.sync_api import expect

    mine, theirs = two
    for page in two:
        page.goto(f"{whole_site}/customers/{customer}")
    keys = Keys(mine, shared=True)
    keys.click("details.remarks summary")
    keys.reach("form.remark textarea")
    keys.type("名称听你的 @李娜")
    mine.wait_for_selector(".ats li[aria-selected=true]:has-text('李娜')")
    mine.keyboard.press("Enter")
    mine.keyboard.press("Control+Enter")
    expect(mine.locator(".said-of")).to_have_text("名称听你的 @李娜")
    expect(theirs.locator(".said-of .at")).to_have_text("@李娜", timeout=15000)
    expect(theirs.locator("nav.kinds a", has_text="评论")).to_contain_text("1")
    found = after(lambda: reading.query("comment", actor=cast.actor("teammate"), fields=["text", "mentions", "record"]).rows)
    assert [(r["text"].strip(), [m["label"] for m in r["mentions"]], r["record"]) for r in found] == [("名称听你的 @李娜", ["李娜"], str(customer))]


def test_a_dashboard_follows_and_a_deleted_row_says_so(two: Any, whole_site: str, cast: Cast) -> None:
    from playwright.sync_api import expect

    mine, theirs = two
    row = after(lambda: door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "将被删除有限公司"}).id)
    after(lambda: door.perform("customer", "share", actor=cast.actor("owner"), id=row, inputs={"user": cast.users["teammate"], "level": "read"}))
    theirs.goto(whole_site + "/customers")
    mine.goto(whole_site + "/dashboards/customers.analysis?period=all")
    expect(theirs.locator(f"a.title[href='/customers/{row}']")).to_be_visible()
    number = mine.locator(".widget.k-number .big").first
    before = int(number.inner_text())
    mine.wait_for_timeout(1500)  # until the stream listens
    after(lambda: door.perform("customer", "delete", actor=cast.actor("owner"), id=row))
    expect(theirs.locator(f"tr.left a[href='/customers/{row}'].title")).to_have_count(1, timeout=15000)
    expect(number).to_have_text(str(before - 1), timeout=45000)
