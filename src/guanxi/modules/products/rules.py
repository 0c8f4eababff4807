"""The rules of products."""

from __future__ import annotations

from typing import Any

from guanxi.kernel import FieldError, Invalid, T


def sane_prices(draft: Any, context: Any) -> None:
    """Prices, costs and tax rates are not negative; no tax takes more than everything."""
    problems = [
        FieldError(name, "range", T("金额不能为负。", "An amount cannot be negative."))
        for name in ("price", "cost")
        if draft[name] is not None and draft[name]["amount"] < 0
    ]
    if draft.tax_rate is not None and not 0 <= draft.tax_rate <= 100:
        problems.append(
            FieldError("tax_rate", "range", T("税率应在 0 到 100 之间。", "A tax rate lies between 0 and 100."))
        )
    if problems:
        raise Invalid(problems)
