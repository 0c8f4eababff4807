"""Long work in the background: imports, exports, deeds on many records, asked for by people, done by a worker, resumed after a crash.

The row a person sees (`guanxi.kernel.jobs`) and the entry in the queue are written in one transaction: there is never
one without the other. A task takes only the job's id; everything else is in the row.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from procrastinate.contrib.django import app

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.text import T
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import auditing, leaving, many, pairing, reading
from guanxi.surfaces.imports import engine, exporting, planning, undoing
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.mapping import FileMapping
from guanxi.surfaces.imports.reading.table import Table, open_table
from guanxi.surfaces.jobs import bulk, subjects

QUEUE = "work"
UNDOABLE = ("import", "handover", "bulk")
"""The kinds of work that can be taken back as a whole."""
log = logging.getLogger("guanxi.jobs")


# -- asking ----------------------------------------------------------------------------------------------------------


def start_import(
    actor: Actor, file_id: UUID | str, object: str, mapping: Mapping[str, Any] | None = None, *, dry_run: bool = False,
    total: int | None = None,
) -> UUID:  # fmt: skip
    """Import a file the actor uploaded; returns the job's id. Everything that can be checked before is checked now.
    `total`: how many rows there are, when a dry run has counted them.

    Without a mapping it is read as the actor's last file with the same columns was, or by the names of its columns.

    Raises what `engine.plan` raises, NotFound for a file that is not the actor's, Unreadable for one that is no table.
    """
    with read(actor, file_id, mappings.parse(mapping)) as table:
        given = mapping if mapping is not None else planning.propose(actor, table, object)[0]
        planned = planning.plan(actor, table, object, given)
    wanted = {
        "file": str(file_id), "object": planned.it.name, "mapping": planned.mapping.to_json(), "dry_run": dry_run,
        "headers": planning.signature(planned.headers),
    }  # fmt: skip
    return _start(actor, "import", wanted, total)


def asked(actor: Actor, id: UUID | str) -> tuple[str, str, dict[str, Any], bool]:
    """What one of the actor's own imports was asked to do: file, object, mapping, and whether it is a dry run. Raises NotFound."""
    found = jobs.of(actor, id)
    if found.kind != "import":
        raise NotFound()
    wanted = found.wanted
    return wanted["file"], wanted["object"], wanted["mapping"], bool(wanted.get("dry_run"))


def start_undo(actor: Actor, import_id: UUID | str) -> UUID:
    """Take one of the actor's own imports, hand-overs or deeds on many back; returns the job's id. Raises as `undoable` does."""
    found = undoable(actor, import_id)
    return _start(actor, "undo", {"import": str(found.id), "object": found.wanted.get("object")})


def undoable(actor: Actor, import_id: UUID | str) -> jobs.Job:
    """One of the actor's own imports, hand-overs or deeds on many that can be taken back.

    Raises NotFound for anything else, Conflict while it runs or when it was taken back already.
    """
    found = jobs.of(actor, import_id)
    if found.kind not in UNDOABLE or found.wanted.get("dry_run"):
        raise NotFound()
    if found.kind == "bulk" and not many.turns_back(actor, found.wanted["object"], found.wanted["verb"]):
        raise Conflict(T("这个操作不能整体撤销。", "This cannot be taken back as a whole."), code="job-final")
    if not found.over:
        raise Conflict(T("任务还在进行，请先取消它。", "It is still running; cancel it first."), code="job-running")
    if jobs.undone(actor, found.id):
        raise Conflict(T("已经撤销过了。", "It was taken back already."), code="job-undone")
    return found


def start_handover(actor: Actor, who: UUID, plan: Mapping[str, UUID]) -> UUID:
    """Give somebody's records to successors, object by object, and what they are to others (`leaving.POSTS`); returns the job's id.
    Raises Invalid naming `plan`."""
    known = {*(it.name for it in leaving.handed(actor)), *(post.key for post in leaving.POSTS)}
    if not plan or set(plan) - known:
        raise Invalid.field("plan", "required", "请为至少一种数据选择接手人。", "Choose a successor for at least one kind of records.")
    if who in plan.values():
        raise Invalid.field("plan", "choice", "接手人不能是本人。", "The successor cannot be the same person.")
    return _start(actor, "handover", {"who": str(who), "plan": {name: str(to) for name, to in plan.items()}})


def start_bulk(actor: Actor, deed: many.Deed, packed: bytes) -> UUID:
    """Do something to many records, as `many.settle` or `many.pack` says which; returns the job's id. Raises as `bulk.wanted` does."""
    return _start(actor, "bulk", bulk.wanted(actor, deed, packed), len(packed) // many.WIDTH)


def start_pairing(actor: Actor) -> UUID:
    """Look for duplicates now instead of in the night; returns the job's id. Raises Forbidden for who may merge nothing."""
    if not pairing.may_look(actor):
        raise Forbidden()
    return _start(actor, "duplicates", {})


def start_export(
    actor: Actor,
    object: str,
    where: Any = None,
    fields: Sequence[str] | None = None,
    format: str = "csv",
    *,
    sort: Sequence[str] | str | None = None,
) -> UUID:
    """Export a list; returns the job's id. Raises NotFound, Forbidden, and Invalid naming what cannot be asked for."""
    it = exporting.check(actor, object, format)
    chosen = [path for path, _ in exporting.columns(actor, object, fields)]
    reading.query(it.name, actor=actor, where=where, fields=chosen, sort=sort, limit=1)
    wanted = {"object": it.name, "where": where, "fields": chosen, "format": format, "sort": sort, "address": actor.address}
    return _start(actor, "export", wanted)


def start_subject(actor: Actor, request: UUID) -> UUID:
    """Write one person's own copy; returns the job's id. Raises as `subjects.wanted` does."""
    return _start(actor, "subject", subjects.wanted(actor, request))


def _start(actor: Actor, kind: str, wanted: Mapping[str, Any], total: int | None = None) -> UUID:
    with jobs.together(actor.workspace):
        job = jobs.create(actor, kind, wanted, total)
        _TASKS[kind].defer(job=str(job))
    return job


def job(actor: Actor, id: UUID | str) -> dict[str, Any]:
    """One of the actor's own jobs as they may see it: state, progress, and in the end the report. Raises NotFound."""
    return _told(jobs.of(actor, id), actor.language)


def own_jobs(actor: Actor, limit: int = 20) -> list[dict[str, Any]]:
    """The actor's own jobs, newest first."""
    return [_told(one, actor.language) for one in jobs.mine(actor, limit)]


def cancel(actor: Actor, id: UUID | str) -> dict[str, Any]:
    """Stop one of the actor's own jobs after the batch it is at; what is written stays. Raises NotFound or Conflict."""
    return _told(jobs.ask_to_cancel(actor, id), actor.language)


def _told(one: jobs.Job, language: str) -> dict[str, Any]:
    outcome = one.outcome or {}
    report = dict(outcome.get("report") or {}) if not one.over else dict(outcome)
    if isinstance(report.get("sample"), list):
        report["sample"] = [{"id": r["id"], "name": r["name"], "message": T(r["zh"], r["en"]).for_(language)} for r in report["sample"]]
    for name in ("reasons", "warnings"):
        if isinstance(report.get(name), list):
            report[name] = [
                {"field": r["field"], "message": T(r["zh"], r["en"]).for_(language), "count": r["count"]}
                for r in report[name]
            ]
    return {
        "id": str(one.id), "kind": one.kind, "state": one.state, "done": one.done, "total": one.total,
        "cancel": one.cancel, "dry_run": bool(one.wanted.get("dry_run")), "created_at": one.created_at, "started_at": one.started_at, "finished_at": one.finished_at,
        "object": one.wanted.get("object"), "verb": one.wanted.get("verb"), "outcome": report,
    }  # fmt: skip


def read(actor: Actor, file_id: UUID | str, given: FileMapping) -> Table:
    """An uploaded file as a table, read the way the mapping says."""
    path, name = jobs.file(actor, file_id)
    return open_table(
        path, name, encoding=given.encoding, delimiter=given.delimiter, sheet=given.sheet, header_row=given.header_row
    )


# -- doing -----------------------------------------------------------------------------------------------------------


class _Ledger:
    """An import's progress in its job's row."""

    def __init__(self, job: jobs.Job) -> None:
        self._job = job
        self._done = job.done

    def held(self) -> Mapping[str, Any] | None:
        # A dry run begins anew after a crash: what its batches would have made is known to its process only.
        return self._job.outcome if self._job.done and not self._job.wanted.get("dry_run") else None

    def note(self, done: int, state: Mapping[str, Any]) -> None:
        # Every batch moves on, also one whose rows only wait for others: hence the row's own place in the figure.
        step = max(done, self._done + 1)
        jobs.progress(self._job, self._done, step, state)
        self._done = step


@contextmanager
def _answered(found: jobs.Job) -> Iterator[None]:
    """Whatever goes wrong inside becomes the job's outcome; what is no problem of ours is raised as well, for the log."""
    try:
        yield
    except jobs.Overtaken:
        log.warning("job %s is done by another worker", found.id)
    except exporting.Cancelled:
        jobs.finish(found, "cancelled", {})
    except Problem as problem:
        jobs.finish(found, "failed", _failure(problem))
    except Exception:
        jobs.finish(found, "failed", _failure(Problem()))
        raise


@app.task(name="guanxi.import", queue=QUEUE)
def do_import(job: str) -> None:
    """Do an import, or go on with one."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        _import(found)


def _failure(problem: Problem) -> dict[str, Any]:
    texts = [problem.detail, *(error.message for error in problem.errors)]
    return {
        "code": problem.code,
        "reasons": [{"field": "", "zh": text.zh, "en": text.en, "count": 1} for text in texts],
    }  # fmt: skip


def _import(found: jobs.Job) -> None:
    actor = jobs.actor_of(found, "import")
    given = mappings.parse(found.wanted["mapping"])
    folder = jobs.scratch(found)
    errors = folder / "errors.csv"
    if not found.done:
        errors.unlink(missing_ok=True)
    with read(actor, found.wanted["file"], given) as table:
        report = engine.run(
            actor, table, found.wanted["object"], given, dry_run=bool(found.wanted.get("dry_run")),
            cancelled=lambda: jobs.is_cancelled(found), errors=errors, ledger=_Ledger(found), folder=folder, id=found.id,
        )  # fmt: skip
    outcome = report.to_json()
    if report.rejected and errors.exists():
        outcome["errors"] = str(jobs.keep(actor, "errors.csv", bulk.chunks(errors)))
    jobs.finish(found, "cancelled" if report.cancelled else "done", outcome, total=report.rows + report.blank)
    shutil.rmtree(folder, ignore_errors=True)


@app.task(name="guanxi.undo", queue=QUEUE)
def do_undo(job: str) -> None:
    """Take an import back, or go on with it."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        report = undoing.undo(
            jobs.actor_of(found, "import"), UUID(found.wanted["import"]), cancelled=lambda: jobs.is_cancelled(found),
            ledger=_Ledger(found), id=found.id,
        )  # fmt: skip
        jobs.finish(found, "cancelled" if report.cancelled else "done", report.to_json(), total=report.done)


@app.task(name="guanxi.handover", queue=QUEUE)
def do_handover(job: str) -> None:
    """Hand somebody's records over, or go on with it: each part is noted in the transaction it is done in."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        _handover(found)


def _handover(found: jobs.Job) -> None:
    actor, who = jobs.actor_of(found, "handover"), UUID(found.wanted["who"])
    state: dict[str, Any] = dict(found.outcome or {"moved": 0, "kept": 0, "over": [], "after": None, "reasons": []})
    done, cancelled = found.done, False
    for name, to in found.wanted["plan"].items():
        while name not in state["over"] and not (cancelled := jobs.is_cancelled(found)):
            with jobs.together(actor.workspace):
                part = leaving.part(actor, name, who, UUID(to), UUID(state["after"]) if state["after"] else None)
                counted = Counter({(r["zh"], r["en"]): r["count"] for r in state["reasons"]}) + Counter({(t.zh, t.en): n for t, n in part.kept.items()})
                state |= {
                    "moved": state["moved"] + part.moved, "kept": state["kept"] + part.kept.total(), "after": str(part.last) if part.last else None,
                    "over": state["over"] if part.last else [*state["over"], name],
                    "reasons": [{"field": "", "zh": zh, "en": en, "count": n} for (zh, en), n in counted.most_common()],
                }  # fmt: skip
                jobs.progress(found, done, done + max(1, part.moved + part.kept.total()), state)
                done += max(1, part.moved + part.kept.total())
    jobs.finish(found, "cancelled" if cancelled else "done", state, total=done)


@app.task(name="guanxi.bulk", queue=QUEUE)
def do_bulk(job: str) -> None:
    """Do something to many records, or go on with it."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        bulk.run(found)


@app.task(name="guanxi.duplicates", queue=QUEUE)
def do_pairing(job: str) -> None:
    """Look for duplicates among what changed, or go on with it."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        _pairing(found)


def _pairing(found: jobs.Job) -> None:
    done, pairs = found.done, (found.outcome or {}).get("pairs", 0)
    for name in pairing.looked_through(found.workspace):
        last = pairing.Pass()

        def note(part: pairing.Pass) -> None:
            nonlocal done, pairs, last
            step = done + max(1, part.looked - last.looked)
            pairs += part.pairs - last.pairs
            jobs.progress(found, done, step, {"pairs": pairs})
            done, last = step, replace(part)

        pairing.look_through(found.workspace, name, after=note, cancelled=lambda: jobs.is_cancelled(found))
    jobs.finish(found, "cancelled" if jobs.is_cancelled(found) else "done", {"pairs": pairs}, total=done)


@app.task(name="guanxi.export", queue=QUEUE)
def do_export(job: str) -> None:
    """Write an export; begun again from the start after a crash, because what is read has changed meanwhile."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        _export(found)


def _export(found: jobs.Job) -> None:
    actor = jobs.actor_of(found, "export")
    wanted = found.wanted
    folder = jobs.scratch(found)
    path = folder / f"{wanted['object']}.{wanted['format']}"
    done = found.done

    def progress(rows: int) -> None:
        nonlocal done
        step = max(rows, done)
        jobs.progress(found, done, step, {})
        done = step

    try:
        with path.open("wb") as file:
            rows = exporting.export(
                actor, wanted["object"], file, wanted["format"], where=wanted.get("where"), fields=wanted.get("fields"),
                sort=wanted.get("sort"), progress=progress, cancelled=lambda: jobs.is_cancelled(found), number=found.id.hex[-12:],
            )  # fmt: skip
        kept = jobs.keep(actor, path.name, bulk.chunks(path))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if rows < 0:
        raise Invalid()
    auditing.exported(replace(actor, address=wanted.get("address", "")), wanted["object"], rows, wanted.get("where"), wanted.get("fields") or (), found.id.hex[-12:])
    jobs.finish(
        found,
        "done",
        {"file": str(kept), "rows": rows, "where": wanted.get("where"), "fields": wanted.get("fields")},
        total=rows,
    )


@app.task(name="guanxi.subject", queue=QUEUE)
def do_subject(job: str) -> None:
    """Write one person's own copy."""
    found = jobs.begin(UUID(job))
    if found is None:
        return
    with _answered(found):
        subjects.run(found)


_TASKS = {"subject": do_subject, "import": do_import, "export": do_export, "undo": do_undo, "handover": do_handover, "bulk": do_bulk, "duplicates": do_pairing}
