"""What a page looks like to who cannot see it well, and whether it fits its screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

AXE_SOURCE = Path(settings.NODE_MODULES) / "axe-core" / "axe.min.js"
LIGHT, DARK = "light", "dark"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
AXE = """(only) => axe.run(document, {resultTypes: ["violations"], ...(only.length ? {runOnly: only} : {})}).then((found) => found.violations.map((one) =>
  [one.id, one.nodes.map((node) => node.target.join(" ") + ": " + [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "))]))"""
SETTLED = """async () => { const wide = () => document.documentElement.scrollWidth;
  for (let n = 0; n < 60 && wide() > innerWidth; n++) await new Promise((go) => setTimeout(go, 50));
  return wide(); }"""


def with_axe(page: Any) -> Any:
    """A page on which axe is there from the beginning of each document; it comes through the driver, since the page's own policy lets
    nothing in."""
    page.add_init_script(path=AXE_SOURCE)
    return page


def axe(page: Any, *only: str) -> list[Any]:
    """What axe finds, by these rules only or by all."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SOURCE.read_text())
    found: list[Any] = page.evaluate(AXE, list(only))
    return found


def too_wide(page: Any) -> int:
    """How many pixels a page runs over the side, once what draws itself by script has found its width."""
    return int(page.evaluate(SETTLED) - page.viewport_size["width"])
