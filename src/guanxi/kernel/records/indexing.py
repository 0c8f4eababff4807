"""Search entries of records: which words they are found by, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi.base.search_text import entry_tokens
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.fields import AutoNumber, Link, Phone
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import search


def concerns(it: Definition, changed: set[str]) -> bool:
    """Whether a change of these fields alters how a record is found or by whom."""
    if it.title in changed or "owner" in changed or "deleted_at" in changed:
        return True
    deciding = (*it.policy.through, *it.policy.readers, *it.subtitle)
    return any((it.fields[n].search or n in deciding) for n in changed if n in it.fields)


def write(catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]], *, fresh: bool) -> None:
    """Entries of living rows, with the owners of the records they are read through and whom they are shared with; the
    workspace's own id stands for everybody."""
    above: dict[str, dict[UUID, UUID | None]] = {}
    for link in it.policy.through:
        target = catalog.objects[it.fields[link].target]  # type: ignore[attr-defined]
        if target.owned:
            ids = {row[link] for row in rows if row.get(link)}
            above[link] = search.owners_of(catalog, target.table, list(ids))
    entries = []
    for row in rows:
        owners = [row.get("owner")] if it.owned else []
        owners += [above[link].get(row[link]) for link in above if row.get(link)]
        for name in it.policy.readers:
            held = row.get(name)
            owners += held if isinstance(held, list) else [catalog.workspace] if held else []
        entries.append(_entry(it, row, tuple(dict.fromkeys(o for o in owners if o is not None))))
    search.put(catalog, entries, fresh=fresh)


def _entry(it: Definition, row: Mapping[str, Any], owners: tuple[UUID, ...]) -> search.Entry:
    title = str(row.get(it.title) or "")
    words: list[str] = []
    phones: list[str] = []
    codes: list[str] = []
    for name, one in it.fields.items():
        value = row.get(name)
        if not one.search or name == it.title or value is None:
            continue
        if isinstance(one, Phone):
            phones += [entry["number"] for entry in value if entry.get("number")]
        elif isinstance(one, AutoNumber) or name.endswith("code"):
            codes.append(str(value))
            words.append(str(value))
        else:
            words += one.words(value)
    subtitle = " · ".join(it.fields[n].show(row.get(n)) for n in it.subtitle if row.get(n) and not isinstance(it.fields[n], Link))
    tokens = frozenset(entry_tokens(title, words, phones, codes))
    return search.Entry(row["id"], it.name, title, subtitle, " ".join(words), owners, tokens, row["updated_at"])


def remove(catalog: Catalog, ids: Sequence[UUID]) -> None:
    search.remove(catalog, ids)


def handed_over(catalog: Catalog, it: Definition, ids: Sequence[UUID]) -> None:
    """After records changed owner: everything read through them is found by the new owner's people."""
    for child, link in catalog.linking_to(it.name):
        if link.name in child.policy.through:
            links = [
                (child.fields[name].column(), catalog.objects[child.fields[name].target].table)  # type: ignore[attr-defined]
                for name in child.policy.through
                if catalog.objects[child.fields[name].target].owned  # type: ignore[attr-defined]
            ]
            search.hand_over(catalog, child.table, links, child.owned, link.column(), ids)
