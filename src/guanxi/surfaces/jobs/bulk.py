"""Something done to many records in the background: the ids are a file, 16 bytes each, and how far it has come is noted in the
transaction of each part; so a killed worker's job goes on with the next part, and nothing is done twice."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from guanxi.base.errors import Invalid
from guanxi.base.text import T, Text
from guanxi.kernel import jobs
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import many
from guanxi.surfaces.imports.reading import formulas

SMALL = 200
"""Up to so many records are answered at once by a page; more become a job."""
SHOWN = 50
"""So many refused rows stand in the report itself; all of them are in its file."""
CHANGED, SAME, REFUSED = T("已修改", "changed"), T("无变化", "unchanged"), T("拒绝", "refused")


def wanted(actor: Actor, deed: many.Deed, packed: bytes) -> dict[str, Any]:
    """What a job needs to know. Raises what `many.check` raises, and Invalid where there is nothing to do."""
    it = many.check(actor, deed)
    if not packed:
        raise Invalid([], T("没有选中任何记录。请先在列表里勾选。", "No record is chosen. Tick some in the list first."))
    return {
        "object": it.name, "verb": deed.verb, "changes": dict(deed.changes), "inputs": dict(deed.inputs), "add": dict(deed.add), "remove": dict(deed.remove),
        "ids": str(jobs.keep(actor, "records", [packed])),
    }  # fmt: skip


def deed(asked: Mapping[str, Any]) -> many.Deed:
    return many.Deed(asked["object"], asked["verb"], asked["changes"], asked["inputs"], asked["add"], asked["remove"])


def run(found: jobs.Job) -> None:
    """Do it, or go on with it."""
    folder, what = jobs.scratch(found), deed(found.wanted)
    first = jobs.actor_of(found, "bulk")
    state: dict[str, Any] = dict(found.outcome or {"changed": 0, "same": 0, "rejected": 0, "reasons": [], "sample": [], "files": [0, 0]})
    sheets = [_Sheet(folder / f"{name}.csv", at) for name, at in zip(("results", "errors"), state["files"], strict=True)]
    done, cancelled, total = found.done, False, found.total or 0
    with jobs.file(first, found.wanted["ids"])[0].open("rb") as ids:
        ids.seek(done * many.WIDTH)
        while part := many.unpack(ids.read(many.PART * many.WIDTH)):
            if cancelled := jobs.is_cancelled(found):
                break
            state = jobs.part(found, lambda part=part, done=done, state=state: _part(found, what, part, done, state, sheets))  # type: ignore[misc]
            done += len(part)
    for sheet in sheets:
        sheet.close()
    outcome = {name: value for name, value in state.items() if name != "files"}
    for name, sheet in zip(("file", "errors"), sheets, strict=True):
        if sheet.at:
            outcome[name] = str(jobs.keep(first, sheet.path.name, chunks(sheet.path)))
    jobs.finish(found, "cancelled" if cancelled else "done", outcome, total=total)
    shutil.rmtree(folder, ignore_errors=True)


def _part(found: jobs.Job, what: many.Deed, ids: Sequence[UUID], done: int, state: Mapping[str, Any], sheets: Sequence[_Sheet]) -> dict[str, Any]:
    """One part, with the rights the person has now, and the state after it."""
    actor = jobs.actor_of(found, "bulk")
    for sheet, at in zip(sheets, state["files"], strict=True):
        sheet.back(at)
    answers = many.do(actor, what, ids)
    refused = [one for one in answers if one.why is not None]
    counted = Counter({(r["zh"], r["en"]): r["count"] for r in state["reasons"]}) + Counter((one.why.zh, one.why.en) for one in refused if one.why)
    changed = sum(one.changed for one in answers)
    _write(sheets, answers, actor.language)
    after = {
        "changed": state["changed"] + changed,
        "same": state["same"] + len(answers) - changed - len(refused),
        "rejected": state["rejected"] + len(refused),
        "reasons": [{"field": "", "zh": zh, "en": en, "count": n} for (zh, en), n in counted.most_common(100)],
        "sample": [*state["sample"], *({"id": str(r.id), "name": r.name, "zh": r.why.zh, "en": r.why.en} for r in refused if r.why)][:SHOWN],
        "files": [sheet.settled() for sheet in sheets],
    }
    jobs.progress(found, done, done + len(ids), after)
    return after


def _write(sheets: Sequence[_Sheet], answers: Sequence[many.Answer], language: str) -> None:
    def say(text: Text) -> str:
        return text.for_(language)

    results, errors = sheets
    heads = [say(T("编号", "Id")), say(T("名称", "Name")), say(T("结果", "Result")), say(T("原因", "Reason"))]
    for one in answers:
        what = REFUSED if one.why is not None else CHANGED if one.changed else SAME
        line = [str(one.id), one.name, say(what), say(one.why) if one.why is not None else ""]
        results.add(line, heads)
        if one.why is not None:
            errors.add(line, heads)


class _Sheet:
    """A file that grows by appending and can be put back to where it was: `at` is how long it is."""

    def __init__(self, path: Path, at: int) -> None:
        self.path, self.at = path, at
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self.back(at)

    def back(self, at: int) -> None:
        self._file.truncate(at)
        self._file.seek(0, io.SEEK_END)
        self.at = self._file.tell()

    def add(self, cells: Sequence[str], heads: Sequence[str]) -> None:
        text = io.StringIO(newline="")
        lines = csv.writer(text)
        if not self.at:
            text.write("\ufeff")
            lines.writerow(heads)
        lines.writerow([formulas.neutralise(cell) for cell in cells])
        self.at += self._file.write(text.getvalue().encode("utf-8", "replace"))

    def settled(self) -> int:
        self._file.flush()
        return self.at

    def close(self) -> None:
        self._file.close()


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk
