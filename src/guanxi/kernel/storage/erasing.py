"""What it takes to erase a record for good: its row, what lies beside it, its files, and its values in the journal.

The database allows it only with an event: a row goes when its last event is its own `erase`, and an event loses values when a
later event names it together with its hash before and after (docs/adr/0019). Nothing else of an event may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.declare.fields import File
from guanxi.kernel.declare.objects import Definition
from guanxi.kernel.storage import files, sql
from guanxi.kernel.storage.seal_rows import JOURNAL

REDACTS = "@redacts"
"""In an event: the events it took values out of, each with its hash before and after."""
ERASED = "@erased"
"""In an event that lost values: the events that took them out, in their order."""
GONE = "erased"
"""The type of a file whose bytes nobody needs any more and that are about to be deleted."""

UNTOLD = "notice"
"""The object whose erasures the register does not tell: they are many, and their rule takes them by itself."""

AGAIN = "restore"
"""The way in of who erases again what a backup brought back."""

Redaction = Mapping[str, tuple[str, str]]
"""By the id of an event its hash before and after, as hex."""

_EMPTIED = (
    "(SELECT COALESCE(jsonb_object_agg(k.key, CASE WHEN k.key IN ('@redacts', '@erased') THEN k.value WHEN {kept} THEN k.value ELSE '[null, null]'::jsonb END), '{{}}') "
    "FROM jsonb_each(e.changes) k WHERE left(k.key, 1) <> '@' OR {kept} OR k.key IN ('@redacts', '@erased')) "
    "|| jsonb_build_object('@erased', jsonb_build_array(NULL, COALESCE(e.changes->'@erased'->1, '[]'::jsonb) || to_jsonb(%s::text)))"
)


def _emptied(names: Sequence[str] | None) -> tuple[str, list[Any]]:
    """An event's changes without values: of all fields and remarks of rules, or of some fields only."""
    if names is None:
        return _EMPTIED.format(kept="FALSE"), []
    return _EMPTIED.format(kept="NOT (k.key = ANY(%s))"), [list(names), list(names)]


def weigh(workspace: UUID, records: Sequence[tuple[str, UUID]], by: UUID, names: Sequence[str] | None = None) -> Redaction:
    """What the event `by` has to say to take these records' values out of the journal: each event with its two hashes. With
    `names`, only events that tell of one of these fields."""
    if not records:
        return {}
    new, values = _emptied(names)
    some = "AND jsonb_exists_any(e.changes, %s) " if names is not None else ""
    objects, ids = zip(*records, strict=True)
    found = sql.rows(
        f"SELECT e.id, encode({JOURNAL.hash}, 'hex'), encode({JOURNAL.hash.replace('e.changes', f'({new})')}, 'hex') FROM gx_event e "
        "JOIN unnest(%s::text[], %s::uuid[]) AS near(object, id) ON e.object = near.object AND e.record_id = near.id "
        f"WHERE e.workspace_id = %s {some}ORDER BY e.id",
        [*values, str(by), list(objects), list(ids), workspace, *([list(names)] if names is not None else [])],
    )
    return {str(row[0]): (row[1], row[2]) for row in found}


def redact(workspace: UUID, redaction: Redaction, by: UUID, names: Sequence[str] | None = None) -> None:
    """Take the values out of the events that `by`, which is written already, names."""
    if redaction:
        new, values = _emptied(names)
        sql.run(f"UPDATE gx_event e SET changes = {new} WHERE e.workspace_id = %s AND e.id = ANY(%s)", [*values, str(by), workspace, [UUID(id) for id in redaction]])


def remove(catalog: Catalog, it: Definition, events: Mapping[UUID, UUID]) -> None:
    """Delete rows of one object, each with the event that erases it, and what lies beside them."""
    ids = list(events)
    place = ", ".join(["(%s::uuid, %s::uuid)"] * len(ids))
    sql.run(
        f"UPDATE {it.table} t SET version = v.event FROM (VALUES {place}) AS v(id, event) WHERE t.id = v.id AND t.workspace_id = %s",
        [*(value for pair in events.items() for value in pair), catalog.workspace],
    )
    sql.run(f"DELETE FROM {it.table} WHERE workspace_id = %s AND id = ANY(%s)", [catalog.workspace, ids])
    sql.run("DELETE FROM gx_link WHERE workspace_id = %s AND ((object = %s AND source_id = ANY(%s)) OR (target = %s AND target_id = ANY(%s)))", [catalog.workspace, it.name, ids, it.name, ids])
    sql.run("DELETE FROM gx_team_member WHERE workspace_id = %s AND object = %s AND record_id = ANY(%s)", [catalog.workspace, it.name, ids])
    for table in ("gx_search_entry", "gx_match"):
        sql.run(f"DELETE FROM {table} WHERE workspace_id = %s AND id = ANY(%s)", [catalog.workspace, ids])


# -- files -------------------------------------------------------------------------------------------------------------


def files_of(catalog: Catalog, it: Definition, ids: Sequence[UUID]) -> set[UUID]:
    """The files some records have or once had, by their events."""
    names = [one.name for one in it.fields.values() if isinstance(one, File)]
    if not names:
        return set()
    found = sql.rows(
        "SELECT DISTINCT item->>'file' FROM gx_event e, unnest(%s::text[]) AS field, jsonb_array_elements(CASE WHEN jsonb_typeof(e.changes->field) = 'array' THEN e.changes->field ELSE '[]' END) AS held, "
        "jsonb_array_elements(CASE WHEN jsonb_typeof(held) = 'array' THEN held ELSE '[]' END) AS item WHERE e.workspace_id = %s AND e.object = %s AND e.record_id = ANY(%s)",
        [names, catalog.workspace, it.name, list(ids)],
    )
    return {UUID(row[0]) for row in found if row[0]}


def condemn(catalog: Catalog, asked: set[UUID]) -> int:
    """Of files whose records are gone mark those that no record has any more; `burn` deletes their bytes. Returns how many."""
    for it in catalog:
        for one in it.fields.values():
            if isinstance(one, File) and not one.system and asked:
                column = f"t.custom->'{one.name}'" if one.custom else f't."{one.column()}"'
                held = sql.rows(
                    f"SELECT DISTINCT item->>'file' FROM {it.table} t, jsonb_array_elements({column}) AS item "
                    f"WHERE t.workspace_id = %s AND jsonb_typeof({column}) = 'array' AND item->>'file' = ANY(%s)",
                    [catalog.workspace, [str(file) for file in asked]],
                )
                asked = asked - {UUID(row[0]) for row in held}
    if not asked:
        return 0
    return sql.run("UPDATE gx_file SET name = '', created_by = NULL, type = %s WHERE workspace_id = %s AND id = ANY(%s)", [GONE, catalog.workspace, list(asked)])


def condemn_copies(workspace: UUID, request: UUID) -> int:
    """Mark the copies that were written for a person's request: who was erased is in no file of ours. Returns how many."""
    return sql.run(
        "UPDATE gx_file f SET name = '', created_by = NULL, type = %s FROM gx_job j WHERE j.workspace_id = %s AND j.kind = 'subject' "
        "AND j.wanted->>'request' = %s AND f.id = (j.outcome->>'file')::uuid AND f.workspace_id = j.workspace_id",
        [GONE, workspace, str(request)],
    )


def burn(workspace: UUID) -> int:
    """Delete the bytes of condemned files that no other file shares, and forget them; returns how many. Called after the records
    are gone for good, and again each night for what a crash left."""
    done = 0
    while found := sql.rows("SELECT id, digest FROM gx_file WHERE workspace_id = %s AND type = %s LIMIT 1", [workspace, GONE]):
        file, digest = found[0]
        with sql.work(workspace):
            files.hold(digest, alone=True)
            if not sql.rows("SELECT 1 FROM gx_file WHERE digest = %s AND type <> %s LIMIT 1", [digest, GONE]):
                with suppress(FileNotFoundError):
                    files.path(digest).unlink()
            sql.run("DELETE FROM gx_file WHERE workspace_id = %s AND id = %s", [workspace, file])
        done += 1
    return done


# -- what is due -------------------------------------------------------------------------------------------------------


def overdue(catalog: Catalog, it: Definition, before: Any, *, after: UUID | None, limit: int) -> list[UUID]:
    """Records that lie in the bin since before an instant, in the order of their ids."""
    edge = "AND id > %s " if after is not None else ""
    found = sql.rows(
        f"SELECT id FROM {it.table} WHERE workspace_id = %s AND deleted_at < %s {edge}ORDER BY id LIMIT {int(limit)}",
        [catalog.workspace, before, *([after] if after is not None else [])],
    )
    return [row[0] for row in found]


def redactions(workspace: UUID, events: Sequence[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Of events that lost values the hashes before and after of each time, in their order."""
    out: dict[UUID, list[tuple[str, str]]] = {}
    found = sql.rows(
        "SELECT e.id, r.changes->'@redacts'->1->(e.id::text)->>0, r.changes->'@redacts'->1->(e.id::text)->>1 FROM gx_event e, "
        "jsonb_array_elements_text(COALESCE(e.changes->'@erased'->1, '[]')) WITH ORDINALITY AS step(id, n) "
        "JOIN gx_event r ON r.id = step.id::uuid WHERE e.workspace_id = %s AND r.workspace_id = %s AND e.id = ANY(%s) ORDER BY e.id, step.n",
        [workspace, workspace, list(events)],
    ) if events else []  # fmt: skip
    for id, before, after in found:
        if before and after:
            out.setdefault(id, []).append((before, after))
    return out


# -- for the register --------------------------------------------------------------------------------------------------


def told(workspace: UUID, since: UUID) -> list[tuple[Any, ...]]:
    """The events since an id that erased a record or took fields out of its past, oldest first: id, verb, object, record, instant, cause,
    and which fields the record's events lost."""
    return sql.rows(
        "SELECT r.id, r.verb, r.object, r.record_id, r.at, r.cause, CASE WHEN r.verb = 'anonymise' THEN (SELECT array_agg(DISTINCT k.key ORDER BY k.key) "
        "FROM gx_event e, jsonb_each(e.changes) k WHERE e.workspace_id = r.workspace_id AND e.object = r.object AND e.record_id = r.record_id "
        "AND left(k.key, 1) <> '@' AND k.value = '[null, null]') END FROM gx_event r WHERE r.workspace_id = %s AND r.id >= %s "
        "AND r.verb IN ('erase', 'anonymise') AND r.object <> %s AND r.via <> %s AND jsonb_exists(r.changes, %s) ORDER BY r.id",
        [workspace, since, UNTOLD, AGAIN, REDACTS],
    )
