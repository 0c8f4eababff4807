"""A process killed between any two words it exchanges with the database: what it was doing is done, or was never begun."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connections

from guanxi.kernel.journal import seals
from guanxi.kernel.records import door
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.cast import Cast
from tests.kernel.tools import read_journal, state

MOST = 120
"""Words of the longest deed here, and more than enough."""
ROUNDS = 4 if os.environ.get("GUANXI_NIGHTLY") else 1
killed = 0


def _dies_at(word: int) -> None:
    """From here on the connection's `word`-th wait for the server is this process's last: one word before it was sent in half of
    the cases, right after it in the others, so that the server is in the middle of it."""
    waited = psycopg.Connection.wait
    count = 0

    def wait(self: Any, generator: Any, *more: Any, **given: Any) -> Any:
        nonlocal count
        count += 1
        if count == word:
            if word % 2:
                next(generator, None)
            os.kill(os.getpid(), signal.SIGKILL)
        return waited(self, generator, *more, **given)

    psycopg.Connection.wait = wait  # type: ignore[method-assign]


def _attempt(deed: Callable[[], object], word: int) -> bool:
    """Whether a process that dies at this word lived to the end of the deed."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            connections["default"].ensure_connection()
            _dies_at(word)
            deed()
            ended = 0
        finally:
            os._exit(ended)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the deed failed by itself"
    return True


UNSOUND = (
    "SELECT 'no event' FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM gx_event e WHERE e.id = t.version AND e.record_id = t.id)",
    "SELECT 'an event after the last' FROM {table} t WHERE EXISTS (SELECT 1 FROM gx_event e WHERE e.workspace_id = t.workspace_id "
    "AND e.object = '{name}' AND e.record_id = t.id AND e.id > t.version)",
    "SELECT 'not found by search' FROM {table} t WHERE t.deleted_at IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM gx_search_entry s WHERE s.object = '{name}' AND s.id = t.id)",
    "SELECT 'found though deleted' FROM {table} t JOIN gx_search_entry s ON s.object = '{name}' AND s.id = t.id WHERE t.deleted_at IS NOT NULL",
)


def _sound() -> None:
    """What holds of every record whenever nobody is writing."""
    with sql.work(DEFAULT_WORKSPACE):
        for name in ("customer", "contact", "opportunity"):
            for unsound in UNSOUND:
                assert sql.rows(unsound.format(table=f"gx_{name}", name=name)) == [], name


def _create(cast: Cast, of: str, /, **changes: Any) -> Any:
    return door.perform(of, "create", actor=cast.actor("owner"), changes=changes).id


def _deeds(cast: Cast, round: int) -> dict[str, Callable[[], object]]:
    owner, admin = cast.actor("owner"), cast.actor("admin")
    named = iter(range(1000))

    def customer() -> Any:
        made = _create(cast, "customer", name=f"杭州断电测试{round}之{next(named)}有限公司")
        for who in ("甲", "乙"):
            _create(cast, "contact", name=f"联系人{who}{next(named)}", customer=made)
        return made

    changed, gone, back, left, kept, moved = (customer() for _ in range(6))
    door.perform("customer", "delete", actor=owner, id=back)
    _create(cast, "task", subject="断电后回访", customer=moved)
    many = [customer() for _ in range(12)]
    return {
        "create": lambda: door.perform("customer", "create", actor=owner, changes={"name": f"杭州断电新建{round}有限公司", "phones": [{"number": f"1380000111{round}"}]}),
        "update": lambda: door.perform("customer", "update", actor=owner, id=changed, changes={"name": f"杭州断电改名{round}有限公司"}),
        "delete": lambda: door.perform("customer", "delete", actor=owner, id=gone),
        "restore": lambda: door.perform("customer", "restore", actor=owner, id=back),
        "merge": lambda: door.perform("customer", "merge", actor=admin, id=kept, inputs={"others": [str(left)]}),
        "assign": lambda: door.perform("customer", "assign", actor=admin, id=moved, changes={"owner": str(cast.users["teammate"])}, inputs={"along": ["task"]}),
        "many": lambda: door.perform_many("customer", "update", [door.Item(id=one, changes={"employees": 7}) for one in many], actor=owner),
    }


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("deed", ["create", "update", "delete", "restore", "merge", "assign", "many"])
def test_what_is_cut_off_is_whole_or_not_at_all(cast: Cast, deeds: list[dict[str, Callable[[], object]]], deed: str, round: int) -> None:
    global killed
    read_journal()
    before, deaths = state(), 0
    for word in range(1, MOST):
        lived = _attempt(deeds[round][deed], word)
        after = state()
        if not lived:
            deaths += 1
        if after != before:
            break
        assert not lived, "it ended well and nothing was done"
    else:
        pytest.fail(f"{deed} never ended")
    killed += deaths
    read_journal()
    _sound()
    assert deaths >= 5


@pytest.fixture(scope="module")
def deeds(cast: Cast) -> list[dict[str, Callable[[], object]]]:
    return [_deeds(cast, number) for number in range(ROUNDS)]


def test_so_many_deaths_left_every_seal_right() -> None:
    assert killed >= 50 * ROUNDS
    for chain in seals.CHAINS:
        while seals.seal(DEFAULT_WORKSPACE, chain=chain):
            pass
        assert seals.verify(DEFAULT_WORKSPACE, chain=chain).findings == []
