"""What it takes to verify a journal of N events: written by one statement, sealed by the program, compared as `doctor` does."""

from __future__ import annotations

import os
import time

from bench import databases

BOUND = 60.0
"""Seconds for a million events."""


def run(events: int) -> str:
    """Make a database of its own, fill, seal and verify its journal; returns the lines of a table."""
    from django.db import connections

    from guanxi.kernel import setup
    from guanxi.kernel.journal import seals
    from guanxi.kernel.storage import sql
    from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE

    name = f"gx_bench_seals_{os.getpid()}"
    databases.admin(f'CREATE DATABASE "{name}"')
    try:
        databases.use(name)
        setup.migrate(lambda step: None)
        while seals.seal(DEFAULT_WORKSPACE):
            pass
        databases.tell(f"  writing {events:,} events")
        with sql.work(DEFAULT_WORKSPACE):
            sql.run(_FILL, [DEFAULT_WORKSPACE, events])
        sql.script("ANALYZE gx_event")  # as the server does by itself once a table has grown
        started = time.monotonic()
        sealed = 0
        while part := seals.seal(DEFAULT_WORKSPACE):
            sealed += part
            if sealed % 100_000 < part:
                databases.tell(f"  sealed {sealed:,}, {time.monotonic() - started:.0f} s")
        sealing = time.monotonic() - started
        started = time.monotonic()
        verdict = seals.verify(DEFAULT_WORKSPACE)
        verifying = time.monotonic() - started
    finally:
        connections.close_all()
        databases.admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    bound = BOUND * events / 1_000_000
    held = "✓" if verifying <= bound and not verdict.findings and not verdict.waiting else "✗"
    return f"| seal {events:,} events | {sealing:.1f} s | |\n| verify {verdict.events:,} events in {verdict.seals:,} seals | {verifying:.1f} s | ≤ {bound:.0f} s {held} |"


_FILL = """
INSERT INTO gx_event (id, workspace_id, object, record_id, verb, actor_id, actor_kind, via, at, changes, request)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid,
       %s, 'customer', md5('r' || n)::uuid, 'update', md5('u' || n %% 50)::uuid, 'user', 'web', at,
       jsonb_build_object('name', jsonb_build_array('杭州西湖区第' || n || '贸易有限公司', '杭州第' || n || '商贸有限公司'), 'level', jsonb_build_array('a', 'b'),
                          'phones', jsonb_build_array(NULL, jsonb_build_array(jsonb_build_object('number', '+86138' || lpad(n::text, 8, '0'))))),
       md5('q' || n)::uuid::text
FROM (SELECT n, now() - interval '1 hour' + n * interval '1 millisecond' AS at FROM generate_series(1, %s) AS n) AS made
"""
"""One update of a name, a level and a phone each, a millisecond apart."""
