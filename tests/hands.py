"""How somebody in a browser does things: by pointer or by keyboard alone, in the same words, so that one story passes by both."""

from __future__ import annotations

from typing import Any

from tests.cast import PASSWORD

HERE = """() => { const it = document.activeElement; if (!it || it === document.body) return "nowhere";
  return `${it.tagName.toLowerCase()}${it.id ? "#" + it.id : ""}${it.name ? `[name=${it.name}]` : ""} ${(it.getAttribute("aria-label") ?? it.textContent).trim().slice(0, 20)}`; }"""
AT = "(wanted) => document.activeElement?.matches(wanted)"
SEEN = """() => { const it = document.activeElement, label = it.closest("label") ?? it, box = label.getBoundingClientRect();
  return label.checkVisibility() && box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth; }"""
WHERE = """(it) => { const at = document.activeElement;
  if (!it.isConnected) return "gone";
  const of = (one) => one.type === "radio" && one.name;
  if (at === it || (of(it) && of(at) === of(it))) return "here"; // of several to choose from the keyboard is on one, and goes on by arrows
  if (!at || at === document.body) return "nowhere";
  return at.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_PRECEDING ? "before" : "after"; }"""
POINTED = 'addEventListener("pointerdown", (event) => console.error(`pointed at ${event.target.outerHTML.slice(0, 80)}`), true);'


class Pointer:
    """A hand on a mouse, or a finger."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def click(self, wanted: str) -> None:
        self.page.click(wanted)

    def fill(self, wanted: str, text: str) -> None:
        self.page.fill(wanted, text)

    def select(self, wanted: str, label: str) -> None:
        self.page.select_option(wanted, label=label)

    def check(self, wanted: str) -> None:
        self.page.check(wanted)


class Keys:
    """Two hands on a keyboard. A pointer used on its page all the same is an error on the page's console, unless the page is `shared`
    with other stories."""

    def __init__(self, page: Any, shared: bool = False) -> None:
        self.page = page
        if not shared:
            page.add_init_script(POINTED)
            page.evaluate(POINTED)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    # -- being somewhere -------------------------------------------------------------------------------------------------

    def at(self, wanted: str) -> None:
        """Focus comes there by itself."""
        try:
            self.page.wait_for_function(AT, arg=wanted, timeout=10_000)
        except Exception as error:
            raise AssertionError(f"focus is {self.page.evaluate(HERE)}, not {wanted}") from error

    def to(self, wanted: str, most: int = 120, key: str = "Tab") -> None:
        """Press Tab until there, where it can be seen."""
        way: list[str] = []
        for _ in range(most):
            self.press(key)
            if self.page.evaluate(AT, wanted):
                return self.seen(wanted)
            way.append(self.page.evaluate(HERE))
        raise AssertionError(f"{wanted} is not reached: {way}")

    def seen(self, wanted: str) -> None:
        """Where one is stands on the screen, as soon as the page has scrolled there."""
        try:
            self.page.wait_for_function(SEEN, timeout=5_000)
        except Exception as error:
            raise AssertionError(f"{wanted} is not seen") from error

    def main(self) -> None:
        """Past the navigation, by the first link of the page; a page that was gone to in place begins there."""
        if self.page.evaluate("document.activeElement?.id === 'main'"):
            return
        self.page.evaluate("document.activeElement?.blur()")
        self.to("a.skip")
        self.press("Enter")
        self.at("#main")

    def reach(self, wanted: str, most: int = 500) -> None:
        """Get to the first there is of something by Tab, or back by Shift Tab; from nowhere, past the navigation first."""
        found = self.page.locator(wanted).locator("visible=true").first
        it = found.element_handle()
        for _ in range(most):
            where = it.evaluate(WHERE)
            if where == "gone":
                it = found.element_handle()
                continue
            if where == "here":
                return self.seen(wanted)
            if where == "nowhere" and it.evaluate("(it) => Boolean(it.closest('#main')) && !document.querySelector('dialog:modal')"):
                self.main()
                continue
            self.press("Shift+Tab" if where == "before" else "Tab")
        raise AssertionError(f"{wanted} is not reached, focus is {self.page.evaluate(HERE)}")

    # -- doing something -------------------------------------------------------------------------------------------------

    def click(self, wanted: str) -> None:
        """A link, a button, a menu; a box is ticked."""
        self.reach(wanted)
        self.press(" " if self.page.evaluate("document.activeElement.matches('input[type=checkbox], input[type=radio]')") else "Enter")

    def fill(self, wanted: str, text: str) -> None:
        """Text in the place of what an input held; a moment (2027-03-01T09:30) part by part, as the browser shows it."""
        self.reach(wanted)
        if self.page.evaluate("document.activeElement.matches('[type=date], [type=datetime-local]')"):
            return self.moment(text)
        self.press("Control+A")
        self.type(text)

    def moment(self, text: str) -> None:
        """A day, or a day and a time, in the order of parts the browser has."""
        day, _, time = text.partition("T")
        year, month, of = day.split("-")
        hour, _, minute = time.partition(":")
        clocks = [[hour, minute], [f"{(int(hour) - 1) % 12 + 1:02}", minute, "P" if int(hour) >= 12 else "A"]] if time else [[]]
        for order in ([month, of, year], [of, month, year], [year, month, of]):
            for rest in clocks:
                self.press(*["ArrowLeft"] * 5)
                for part in (*order, *rest):
                    self.type(part)
                    if part == year:  # of which the browser does not know that it is whole
                        self.press("ArrowRight")
                if self.page.evaluate("document.activeElement.value") == text:
                    return
        raise AssertionError(f"{text} cannot be typed: {self.page.evaluate('document.activeElement.value')}")

    def check(self, wanted: str) -> None:
        """Tick a box, or choose one of several by the arrows."""
        it = self.page.locator(wanted).locator("visible=true").first
        if it.evaluate("(it) => it.checked"):
            return
        if it.get_attribute("type") != "radio":
            self.reach(wanted)
            return self.press(" ")
        name = it.get_attribute("name")
        whole = it.evaluate("(it) => document.querySelectorAll(`input[type=radio][name=\"${CSS.escape(it.name)}\"]`).length")
        held = self.page.locator(f'input[type=radio][name="{name}"]:checked').count()
        self.reach(f'input[type=radio][name="{name}"]{":checked" if held else ""}')
        self.press(" ")
        for _ in range(whole):
            if it.evaluate("(it) => it.checked"):
                return
            self.press("ArrowRight")
        assert it.evaluate("(it) => it.checked"), f"{wanted} is not chosen"

    def select(self, wanted: str, label: str) -> None:
        self.reach(wanted)
        self.pick(label)

    def choose(self, wanted: str, option: str) -> None:
        """An option of a list further on, by the arrows."""
        self.to(wanted)
        self.pick(option)

    def pick(self, option: str) -> None:
        """An option of the list one is in. Where a choice applies at once, the page is let come to rest after each."""
        held = "() => document.activeElement.selectedOptions?.[0]?.textContent.trim()"
        steps = self.page.evaluate(
            "(wanted) => { const it = document.activeElement, all = [...it.options].filter((one) => !one.disabled); return all.findIndex((one) => one.textContent.trim() === wanted) - all.indexOf(it.selectedOptions[0]); }",
            option,
        )
        for _ in range(abs(steps)):
            self.press("ArrowDown" if steps > 0 else "ArrowUp")
            self.page.wait_for_function("() => !document.querySelector('#main[aria-busy]') && document.activeElement?.matches('select')")
        assert self.page.evaluate(held) == option


def sign_in(page: Any, keys: Keys, site: str, who: str = "owner") -> None:
    """By keyboard, from the sign-in page to the first."""
    page.goto(site + "/signin")
    if not page.evaluate(AT, "#username"):
        keys.to("#username")
    keys.type(who)
    keys.to("#password")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url(site + "/")


WAYS = ("pointer", "keyboard")


def hands(how: str, page: Any, shared: bool = False) -> Pointer | Keys:
    """Those of one of the ways of input."""
    return Keys(page, shared) if how == "keyboard" else Pointer(page)
