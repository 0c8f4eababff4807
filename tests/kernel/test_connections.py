"""The connection to the database: what a request finds after the server ended it, and what is sent how often."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError, close_old_connections, connection, transaction

from guanxi.kernel.records import reading
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.sessions import SessionStore
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE


@pytest.fixture
def ended(cast):
    """Ends this thread's connection from the server's side, as a restart does."""

    def end():
        connection.ensure_connection()
        url = connection.get_connection_params()
        with psycopg.connect(**{k: v for k, v in url.items() if k in ("host", "port", "user", "password", "dbname")}, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
            while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [connection.connection.info.backend_pid]).fetchone():
                pass

    return end


def test_a_connection_the_server_ended_is_not_used_again(ended):
    connection.ensure_connection()
    assert connection.is_usable()
    ended()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()


def test_the_next_request_after_a_restart_finds_a_new_connection(ended):
    assert sql.rows("SELECT 1", kept=True) == [(1,)]
    ended()
    close_old_connections()  # what Django does at the start of each request
    assert sql.rows("SELECT 2", kept=True) == [(2,)]


def test_a_transaction_on_a_line_that_broke_raises_what_django_raises(ended):
    ended()
    with pytest.raises(OperationalError), sql.work(DEFAULT_WORKSPACE):
        pytest.fail("the transaction did not begin")
    connection.close()


def test_a_transaction_begins_once_and_carries_its_workspace(cast):
    with sql.work(DEFAULT_WORKSPACE):
        assert sql.rows("SELECT current_setting('app.workspace')") == [(str(DEFAULT_WORKSPACE),)]
        with sql.work(DEFAULT_WORKSPACE), transaction.atomic():
            assert sql.rows("SELECT current_setting('app.workspace')", kept=True) == [(str(DEFAULT_WORKSPACE),)]


def test_a_kept_plan_answers_as_the_statement_itself(cast):
    actor = cast.actor("executive")
    for _ in range(2 * 3):
        kept = reading.query("user", actor=actor, fields=["name", "roles", "created_at"])
        free = reading.query("user", actor=actor, fields=["name", "roles", "created_at"], where="created_at not empty")
        assert kept.rows == free.rows and kept.rows


@pytest.mark.parametrize("key", ["", "\x00", "a\x00b", "'; --", "键" * 40, "x" * 5000, "a b"])
def test_a_session_key_may_be_anything(cast, key):
    store = SessionStore(key)
    assert store.get("account") is None and store.load() == {}


def test_a_session_is_read_until_it_ends(cast):
    store = SessionStore()
    store["account"] = "x"
    store.save()
    assert SessionStore(store.session_key).get("account") == "x"
    store.set_expiry(-1)
    store.save()
    assert SessionStore(store.session_key).get("account") is None
    assert facts.session(store.session_key) is None

