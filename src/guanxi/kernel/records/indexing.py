"""Search entries of records: which words they are found by, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi.base.search_text import entry_tokens
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.fields import AutoNumber, Link, Phone
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import search


def concerns(it: Definition, changed: set[str]) -> bool:
    """Whether a change of these fields alters how a record is found or by whom."""
    if it.title in changed or "owner" in changed or "pool" in changed or "deleted_at" in changed:
        return True
    deciding = (*it.policy.through, *it.policy.readers, *it.subtitle)
    return any((it.fields[n].search or n in deciding) for n in changed if n in it.fields)


def write(catalog: Catalog, it: Definition, rows: Sequence[Mapping[str, Any]], *, fresh: bool) -> None:
    """Entries of living rows, with the owners of the records they are read through and whom they are shared with; the
    workspace's own id stands for everybody."""
    if it.policy.read in ("about", "pair") or not it.sought:  # it is found where it stands, with what it is about
        return
    above: dict[str, dict[UUID, UUID | None]] = {}
    for link in it.policy.through:
        target = catalog.objects[it.fields[link].target]  # type: ignore[attr-defined]
        if target.owned:
            ids = {row[link] for row in rows if row.get(link)}
            above[link] = search.owners_of(catalog, target.table, search.holder(target, "p"), list(ids))
    search.put(catalog, _entries(it, rows, above, catalog.workspace), len(rows), fresh=fresh)


def _entries(
    it: Definition, rows: Sequence[Mapping[str, Any]], above: Mapping[str, Mapping[UUID, UUID | None]], everybody: UUID
) -> Iterator[search.Entry]:
    searched = [
        (name, one, isinstance(one, Phone), isinstance(one, AutoNumber) or name.endswith("code"))
        for name, one in it.fields.items()
        if one.search and name != it.title
    ]
    subtitled = [(name, it.fields[name]) for name in it.subtitle if not isinstance(it.fields[name], Link)]
    for row in rows:
        owners = [row.get("owner") or (row.get("pool") if it.pooling is not None else None)] if it.owned else []
        owners += [those.get(row[link]) for link, those in above.items() if row.get(link)]
        for name in it.policy.readers:
            held = row.get(name)
            owners += held if isinstance(held, list) else [everybody] if held else []
        title = str(row.get(it.title) or "")
        words: list[str] = []
        phones: list[str] = []
        codes: list[str] = []
        for name, one, phone, code in searched:
            value = row.get(name)
            if value is None:
                continue
            if phone:
                phones += [entry["number"] for entry in value if entry.get("number")]
            elif code:
                codes.append(str(value))
                words.append(str(value))
            else:
                words += one.words(value)
        yield search.Entry(
            row["id"],
            it.name,
            title,
            " · ".join([one.show(row[name]) for name, one in subtitled if row.get(name)]),
            " ".join(words),
            tuple(dict.fromkeys(o for o in owners if o is not None)),
            entry_tokens(title, words, phones, codes),
            row["updated_at"],
        )


def remove(catalog: Catalog, ids: Sequence[UUID]) -> None:
    search.remove(catalog, ids)


def handed_over(catalog: Catalog, it: Definition, ids: Sequence[UUID]) -> None:
    """After records changed owner: everything read through them is found by the new owner's people."""
    for child, link in catalog.linking_to(it.name):
        if link.name in child.policy.through:
            links = [
                (child.fields[name].column(), catalog.objects[child.fields[name].target])  # type: ignore[attr-defined]
                for name in child.policy.through
                if catalog.objects[child.fields[name].target].owned  # type: ignore[attr-defined]
            ]
            search.hand_over(catalog, child, links, link.column(), ids)
