"""Passwords by the company's rules: what a new one must be, and how it takes the place of the old."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.hashers import check_password as matches
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from guanxi.base.errors import Invalid
from guanxi.kernel.catalog.security import Rules
from guanxi.kernel.storage import tables

LONGEST = 4096
"""Characters that are looked at: hashing more would only keep the machine busy."""


def _kinds(password: str) -> int:
    """How many of small letters, capitals, digits and other signs it mixes."""
    tests = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    return sum(any(test(sign) for sign in password) for test in tests)


def check(password: str, username: str, rules: Rules) -> None:
    """Refuse what is short, common, too plain or like the user name. Raises Invalid naming `password`."""
    fits = rules.password_length <= len(password) <= LONGEST and "\x00" not in password
    try:
        validate_password(password, tables.Account(username=username))
    except ValidationError:
        fits = False
    if not fits:
        n = rules.password_length
        raise Invalid.field(
            "password", "weak", f"密码至少 {n} 位，不能是常见密码，也不能和用户名相似。", f"A password has at least {n} characters, is not a common one and not like the user name."
        )
    if _kinds(password) < rules.password_kinds:
        n = rules.password_kinds
        raise Invalid.field(
            "password", "plain", f"密码要包含大写字母、小写字母、数字、符号中的至少 {n} 种。", f"A password mixes at least {n} of capitals, small letters, digits and signs."
        )


def change(account: tables.Account, new: str, rules: Rules) -> None:
    """Give the account a new password by the rules. Raises Invalid naming `password`."""
    check(new, account.username, rules)
    known = [account.password, *account.former][: rules.password_history]
    if any(matches(new, one) for one in known):
        n = rules.password_history
        raise Invalid.field("password", "used", f"不能使用最近 {n} 次用过的密码。", f"It must not be one of the last {n} passwords.")
    account.former = [account.password, *account.former][: max(0, rules.password_history - 1)]
    account.set_password(new)
    account.must_change, account.password_at = False, datetime.now(UTC)
    account.save(update_fields=["password", "former", "must_change", "password_at"])
