"""The database's own guards, applied after every migration and checked by `doctor`.

For each table of records: row-level security by workspace, forced on the owner too; a trigger that refuses an update
which does not carry a new event, and physical deletion but of what its last event erased; triggers that look, once per statement,
whether the events its rows name are there (docs/adr/0021). For the journal: one partition per
quarter, made ahead, and triggers, on it, its seals and the log, that refuse to change or delete what happened. An event may only
lose values, and only those that a later event says it took (docs/adr/0019).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID

from guanxi.base.clock import add_months
from guanxi.base.ids import uuid7_floor, uuid7_time
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.storage import sql

GUARDED = ("gx_event", "gx_seal", "gx_log", "gx_link", "gx_team_member")
KEPT = ("gx_event", "gx_seal", "gx_log")
"""What is only ever added to."""
NAMED = {"gx_event_named": "INSERT", "gx_event_next": "UPDATE"}
"""The triggers of every table of records that look for the events its rows name."""

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION gx_no_silent_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a write without an event: %.%', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION gx_no_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION gx_event_there() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  lacking uuid;
BEGIN
  SELECT w.version INTO lacking FROM written w LEFT JOIN gx_event e ON e.id = w.version WHERE e.id IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a version without its event: % in %', lacking, TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION gx_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM gx_event e WHERE e.id = OLD.version AND e.record_id = OLD.id AND e.verb = 'erase') THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'DELETE of % without its erasure', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION gx_only_redacted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  eraser uuid;
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'changes' = to_jsonb(OLD) - 'changes' THEN
    eraser := (NEW.changes->'@erased'->1->>-1)::uuid;
    IF eraser <> OLD.id
      AND NEW.changes->'@erased'->1 = COALESCE(OLD.changes->'@erased'->1, '[]') || to_jsonb(eraser::text)
      AND NEW.changes->'@redacts' IS NOT DISTINCT FROM OLD.changes->'@redacts'
      AND NOT EXISTS (SELECT 1 FROM jsonb_each(NEW.changes) n WHERE n.key <> '@erased' AND n.value <> '[null, null]' AND n.value IS DISTINCT FROM OLD.changes->n.key)
      AND EXISTS (SELECT 1 FROM gx_event e WHERE e.id = eraser AND e.workspace_id = OLD.workspace_id AND jsonb_exists(e.changes->'@redacts'->1, OLD.id::text))
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION gx_alike(space uuid, sought text[], kinds text[], others uuid[], most int)
RETURNS TABLE (id uuid, object text, keys text[]) LANGUAGE sql STABLE SET enable_seqscan = off AS $$
  SELECT DISTINCT ON (found.id) found.id, found.object, found.keys FROM unnest(sought) AS key,
  LATERAL (SELECT m.id, m.object, m.keys FROM gx_match m WHERE m.keys @> ARRAY[key] AND m.workspace_id = space
           AND m.object = ANY(kinds) AND m.id <> ALL(others) LIMIT most) found
$$;
"""


def apply() -> None:
    """Make every guard that is missing. Safe to run at each start."""
    sql.script(_FUNCTIONS)
    secured = {row[0] for row in sql.rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    triggers = _triggers()
    records = [d.table for d in REGISTRY.objects.values()]
    for table in (*records, *GUARDED):
        if table not in secured:
            sql.script(
                f"DROP POLICY IF EXISTS gx_workspace ON {table};"
                f"CREATE POLICY gx_workspace ON {table} USING (workspace_id = NULLIF(current_setting('app.workspace', true), '')::uuid);"
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            )
    for table in records:
        if (table, "gx_event_first") not in triggers:
            sql.script(
                f"CREATE TRIGGER gx_event_first BEFORE UPDATE ON {table} FOR EACH ROW "
                "WHEN (NEW.version IS NOT DISTINCT FROM OLD.version) EXECUTE FUNCTION gx_no_silent_update();"
            )
        _keep(triggers, table, "DELETE", "gx_only_erased")
        for name, what in NAMED.items():
            if (table, name) not in triggers:
                sql.script(
                    f"CREATE TRIGGER {name} AFTER {what} ON {table} REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION gx_event_there();"
                )
    for table, name in _keys():  # what Django's models say, looked at row by row
        sql.script(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for table in KEPT:
        _keep(triggers, table, "UPDATE OR DELETE", "gx_only_redacted" if table == "gx_event" else "gx_no_change")
    for table in (*KEPT, *_parts()):
        if (table, "gx_whole") not in triggers:
            _whole(table)
    if ("gx_event", "gx_keep") not in triggers:
        sql.script(
            "ALTER TABLE gx_search_entry ALTER COLUMN tokens SET STATISTICS 2000;"
            "ALTER TABLE gx_event ALTER COLUMN xid SET DEFAULT pg_current_xact_id();"
        )
    partitions()


def _keys() -> list[tuple[str, str]]:
    """Foreign keys to the journal: table and name."""
    return [
        (row[0], row[1])
        for row in sql.rows("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND confrelid = 'gx_event'::regclass AND conparentid = 0")
    ]


def _parts() -> list[str]:
    """The journal's partitions."""
    return [row[0] for row in sql.rows("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'gx_event'::regclass")]


def _whole(table: str) -> None:
    """Nobody empties it at a stroke."""
    sql.script(f"CREATE TRIGGER gx_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION gx_no_change()")


def _triggers() -> dict[tuple[str, str], str]:
    """By table and name the function each trigger calls."""
    return {
        (row[0], row[1]): row[2]
        for row in sql.rows("SELECT c.relname, t.tgname, p.proname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid")
    }


def _keep(triggers: dict[tuple[str, str], str], table: str, what: str, function: str) -> None:
    """What refuses to lose rows, also where an older program left another one."""
    if triggers.get((table, "gx_keep")) != function:
        sql.script(f"DROP TRIGGER IF EXISTS gx_keep ON {table}; CREATE TRIGGER gx_keep BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();")


def partitions() -> None:
    """Make the journal's partitions, a quarter each, to three months ahead, and one for everything earlier. Each statement
    about a record is planned over all of them, so they are few."""
    bounds = sql.rows(
        "SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'gx_event'::regclass"
    )
    ends = [uuid7_time(UUID(found[1])).date() for row in bounds if (found := re.search(r"TO \('([0-9a-f-]+)'\)", row[0]))]
    today = datetime.now(UTC).date()
    start = max([quarter(today), *ends])
    while start <= add_months(today, 3):
        end = add_months(quarter(start), 3)
        low, high = (uuid7_floor(datetime(d.year, d.month, 1, tzinfo=UTC)) for d in (start, end))
        sql.script(f"CREATE TABLE gx_event_{start:%Y%m} PARTITION OF gx_event FOR VALUES FROM ('{low}') TO ('{high}')")
        _whole(f"gx_event_{start:%Y%m}")
        start = end
    if not any(row[0] == "DEFAULT" for row in bounds):
        sql.script("CREATE TABLE gx_event_other PARTITION OF gx_event DEFAULT")
        _whole("gx_event_other")


def quarter(day: date) -> date:
    """The first day of its quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def missing() -> list[str]:
    """Guards that are not in place, as names of tables; empty when all is well."""
    secured = {row[0] for row in sql.rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    triggers = _triggers()
    records = [d.table for d in REGISTRY.objects.values()]
    kept = dict.fromkeys(records, "gx_only_erased") | dict.fromkeys(KEPT, "gx_no_change") | {"gx_event": "gx_only_redacted"}
    needed = {t: ("gx_event_first", *NAMED) if t in records else ("gx_whole",) for t in kept}
    unkept = [t for t, function in kept.items() if triggers.get((t, "gx_keep")) != function or any((t, name) not in triggers for name in needed[t])]
    return [t for t in (*records, *GUARDED) if t not in secured] + unkept


def powerful() -> bool:
    """Whether the role bypasses row-level security, in which case it backs up nothing."""
    return bool(sql.rows("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")[0][0])
