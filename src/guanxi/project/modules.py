"""The program's modules, in the order of their needs; importing this file installs them, once.

`GUANXI_MODULES` adds one's own, as dotted paths of files with a MODULE, separated by commas.
"""

from __future__ import annotations

import os
from importlib import import_module

from guanxi.kernel import Module
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.modules.activities.module import MODULE as ACTIVITIES
from guanxi.modules.customers.module import MODULE as CUSTOMERS
from guanxi.modules.products.module import MODULE as PRODUCTS
from guanxi.modules.sales.module import MODULE as SALES

MODULES: list[Module] = [CUSTOMERS, PRODUCTS, SALES, ACTIVITIES]


def _more() -> list[Module]:
    return [import_module(path).MODULE for path in os.environ.get("GUANXI_MODULES", "").split(",") if path]


REGISTRY.install([*MODULES, *_more()])
