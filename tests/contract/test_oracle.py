"""Permission oracle: made-up companies, and every way in compared with a second, naive telling of the rights.

A comparison is one fact: a record found or not, a field shown, hidden or masked, an action refused. With each run tens of thousands of
them, over a million with GUANXI_NIGHTLY=1; GUANXI_COMPANIES says how many companies.
"""

from __future__ import annotations

import os
from typing import Any

from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from tests.cast import Cast
from tests.contract.oracle import batches, further, grouping
from tests.contract.oracle.building import Builder
from tests.contract.oracle.companies import PEOPLE, companies
from tests.contract.oracle.model import Company
from tests.contract.oracle.ways import Asker, Tally
from tests.surfaces.web.browser import Browser

NIGHTLY = bool(os.environ.get("GUANXI_NIGHTLY"))
COMPANIES = int(os.environ.get("GUANXI_COMPANIES") or (40 if NIGHTLY else 2))
LEAST = 1_000_000 if NIGHTLY and "GUANXI_COMPANIES" not in os.environ else 20_000 * COMPANIES


def test_every_way_in_says_what_the_rights_say(cast: Cast) -> None:
    tally, builder, client = Tally(), Builder(cast), Client()
    browsers: dict[str, Browser] = {}
    turn = 0

    @settings(max_examples=COMPANIES, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink))
    @given(companies())
    def one(company: Company) -> None:
        nonlocal turn
        builder.build(company)
        turn += 1
        for place, who in enumerate(PEOPLE):
            asker = Asker(company, cast, who, tally)
            for ask in (asker.objects, asker.lists, asker.words, asker.figures, asker.export, asker.writing):
                ask()
            asker.records(place + turn)
            batches.ask(asker, place + turn)
            further.ask(asker, builder.file, browsers.get(who), place + turn)
            grouping.ask(asker, place + turn)
            if (place + turn) % 3 == 0:  # what takes long takes turns
                asker.questions()
                asker.importing()
            for thing in company.things[(place + turn) % 5 :: 5]:
                asker.told(thing)
            if place == turn % len(PEOPLE):
                over_http(asker, place)

    def over_http(asker: Any, place: int) -> None:
        for name in ("book", "prospect"):
            asker.api(name, client)
        if asker.who not in browsers:
            browsers[asker.who] = Browser(asker.who)
        asker.pages(browsers[asker.who])

    one()
    assert tally.count >= LEAST, tally.count
    print(f"\n{tally.count} comparisons in {turn} companies")
