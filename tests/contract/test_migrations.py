"""The declarations and the committed migrations say the same."""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command


def test_migrations_are_complete(database: str) -> None:
    out = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out, verbosity=1)
    except SystemExit:
        raise AssertionError(f"a declaration has no migration: run `./guanxi makemigrations`\n{out.getvalue()}") from None
