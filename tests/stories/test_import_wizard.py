"""The Maven files by the import wizard in Chromium: people, products, customers, stages, 8,800 deals; then the published figures."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from guanxi.kernel.records import reading
from guanxi.surfaces.jobs import worker
from tests.chromium import after, enter

MAVEN = Path(__file__).parents[2] / "docs/examples/maven"


def work() -> None:
    after(lambda: asyncio.run(worker.work(2, until_empty=True)))


class Wizard:
    """Somebody at the wizard: a file, what its columns are, a trial, the import."""

    def __init__(self, page: Any, site: str) -> None:
        self.page, self.site = page, site

    def open(self, plural: str, path: Path) -> None:
        self.page.goto(f"{self.site}/{plural}")
        self.page.click(f"a[href='/{plural}/import']")
        self.page.set_input_files("#file", str(path))
        self.page.wait_for_url("**/import?file=*")

    def settled(self, act: Any) -> None:
        """What is chosen is looked at at once: wait until the page has been drawn anew."""
        form = self.page.locator("#mapping").element_handle()
        act()
        self.page.wait_for_function("old => !old.isConnected && document.querySelector('#mapping')", arg=form)

    def choose(self, selector: str, value: str) -> None:
        if self.page.input_value(selector) != value:
            self.settled(lambda: self.page.select_option(selector, value))

    def column(self, name: str, *targets: Any) -> None:
        """Say what a column is; a target is a field, or a field with what is said about how it is read."""
        at = self.page.locator(".line").filter(has=self.page.locator("strong", has_text=name)).first.get_attribute("id")
        if not targets:
            self.choose(f'[id="{at}.0"]', "")
        for n, target in enumerate(targets):
            slot = f"{at}.{n}"
            if n and not self.page.locator(f'[id="{slot}"]').count():
                details = self.page.locator(f"#{at} details.how").last
                if not details.evaluate("one => one.open"):
                    details.locator("summary").click()
                self.settled(lambda: self.page.check(f"#{at} input[name=more]"))
            said = target if isinstance(target, dict) else {"field": target}
            self.choose(f'[id="{slot}"]', said["field"])
            for key in ("by", "where", "transform", "scale", "currency"):
                if key in said:
                    self.say(at, f"{slot}.{key}", str(said[key]))

        while self.page.locator(f'[id="{at}.{max(len(targets), 1)}"]').count():
            self.choose(f'[id="{at}.{max(len(targets), 1)}"]', "")

    def say(self, at: str, name: str, value: str) -> None:
        found = self.page.locator(f'[name="{name}"]')
        if found.input_value() == value:
            return
        if not found.is_visible():
            self.page.locator(f"#{at} details.how:has([name='{name}']) summary").click()
        look = found.get_attribute("data-look") is not None
        act = (lambda: found.select_option(value)) if found.evaluate("one => one.tagName") == "SELECT" else (lambda: (found.fill(value), found.press("Tab")))
        self.settled(act) if look else act()

    def means(self, old: str, new: str) -> None:
        self.page.locator(".values .joined").filter(has_text=old).locator("input:not([type=hidden]), select").fill(new)

    def every(self, field: str, value: str) -> None:
        line = self.page.locator(".constants .joined").last
        if not line.is_visible():
            self.page.click("details:has(.constants) > summary")
        line.locator("select").select_option(field)
        line.locator("input[type=text]").fill(value)
        self.settled(lambda: self.page.locator(".goes-on button[value=look]").click())

    def matched(self, *fields: str, then: str) -> None:
        for box in self.page.locator("input[name=match]").all():
            box.set_checked(box.get_attribute("value") in fields)
        self.page.check(f"input[name=on_match][value={then}]")

    def trial(self) -> dict[str, int]:
        """Try it; the counts the tabs tell."""
        self.page.locator(".goes-on button[value=try]").click()
        self.page.wait_for_url(lambda url: "trial=" in url or "check=" in url)
        assert "trial=" in self.page.url, self.page.inner_text(".said")
        work()
        self.page.reload()
        assert self.page.locator("#trial .tabs").count(), self.page.inner_text("#trial")
        tabs = (tab.inner_text().split() for tab in self.page.locator("#trial .tabs a").all())
        return {words[0]: int(words[-1].replace(",", "")) for words in tabs}

    def go(self) -> str:
        self.page.locator("button[value=import]").click()
        self.page.wait_for_url("**/jobs/*")
        work()
        self.page.reload()
        return str(self.page.inner_text("#job"))

    def follow(self, plural: str, path: Path, mapping: str) -> str:
        """Do in the wizard what a mapping of the examples says."""
        self.open(plural, path)
        self.told(json.loads((MAVEN / mapping).read_text()))
        counts = self.trial()
        assert counts["拒绝"] == 0, (path.name, counts)
        return self.go()

    def told(self, said: dict[str, Any]) -> None:
        columns = said.get("columns", {})
        for name in [one.inner_text() for one in self.page.locator(".line .source strong").all()]:
            if name in columns:
                targets = columns[name] if isinstance(columns[name], list) else [columns[name]]
                self.column(name, *targets)
            elif columns and said["object"] not in ("stage", "exchange_rate", "pipeline"):
                self.column(name)
        for name, value in said.get("constants", {}).items():
            self.every(name, str(value["value"] if isinstance(value, dict) else value))
        self.matched(*said["match"], then=said["on_match"])


def test_maven_by_the_wizard(cast: Any, data: Path, website: str, chromium: Any) -> None:
    page, said = enter(chromium, website, "admin")
    page.set_default_timeout(20_000)
    wizard, files = Wizard(page, website), data / "a_crm_sales"
    wizard.follow("exchange_rates", MAVEN / "exchange_rates.csv", "0-exchange-rates.json")
    wizard.follow("departments", files / "maven_sales_teams.csv", "1-departments.json")
    wizard.follow("departments", files / "maven_sales_teams.csv", "2-teams.json")
    wizard.follow("users", files / "maven_sales_teams.csv", "3-managers.json")
    wizard.follow("departments", files / "maven_sales_teams.csv", "4-heads.json")
    wizard.follow("users", files / "maven_sales_teams.csv", "5-agents.json")
    wizard.follow("products", files / "maven_products.csv", "6-products.json")
    assert "85" in wizard.follow("customers", files / "maven_accounts.csv", "7-accounts.json")
    wizard.follow("pipelines", MAVEN / "pipelines.csv", "pipelines.json")
    wizard.follow("stages", MAVEN / "stages.csv", "stages.json")

    wizard.open("opportunities", files / "maven_sales_pipeline.csv")
    wizard.told(json.loads((MAVEN / "8-pipeline.json").read_text()))
    assert "GTXPro" in page.inner_text(".values") and "1,480" in page.inner_text(".values")
    wizard.means("GTXPro", "GTX Pro")
    assert wizard.trial() == {"新增": 8_800, "拒绝": 0}
    assert "8,800" in wizard.go()
    assert said == []
    page.context.close()

    def figures() -> tuple[Any, ...]:
        admin = cast.actor("admin")
        where = "pipeline.key = maven"
        won = reading.aggregate("opportunity", actor=admin, where=f"{where} and result = won", measures=["count", "sum:amount"]).rows[0]
        count = {name: reading.query("opportunity", actor=admin, where=f"{where} and {rest}", count="exact", limit=1).count for name, rest in (("all", "id not empty"), ("without", "customer empty"))}
        return won["count"], Decimal(won["sum:amount"]), count, reading.query("customer", actor=admin, count="exact", limit=1).count

    assert after(figures) == (4_238, Decimal(10_005_534), {"all": 8_800, "without": 1_425}, 85)
