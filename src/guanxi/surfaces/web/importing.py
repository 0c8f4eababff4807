"""A table comes in, in steps that each have an address: a file, its columns, a trial, and then a job whose page can undo it.

What somebody has chosen lies on the server: the file as it was uploaded, the mapping as a file of its own (`mapping`) or in the
job that tried it (`from`). So reload, back and a link in another tab show the same.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from django.http import HttpResponse

from guanxi.base.errors import FieldError, Forbidden, Invalid, NotFound, Problem, TooLarge, Unreadable
from guanxi.base.text import T, Text
from guanxi.kernel import files, jobs
from guanxi.kernel.declare.fields import Date, DateTime, Links
from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.imports import examining, planning, template, undoing
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.mapping import FileMapping
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web import import_form, words
from guanxi.surfaces.web.visit import Visit, page, redirect

STEPS = (T("选文件", "File"), T("对应字段", "Columns"), T("试运行", "Trial"), T("导入", "Import"))
ENCODINGS = (
    ("utf-8", "UTF-8"), ("gb18030", "GB18030 / GBK"), ("big5", "Big5"), ("utf-16", "UTF-16"), ("shift_jis", "Shift JIS"),
    ("cp1252", "Windows-1252"),
)  # fmt: skip
UNKNOWN = 60
"""So many texts that mean nothing are shown of one column."""
KINDS: dict[str, Text] = {
    "created": T("新增", "New"),
    "updated": T("有变化", "Changed"),
    "same": T("无变化", "Same"),
    "skipped": T("跳过", "Skipped"),
    "conflict": T("重复", "Duplicates"),
    "rejected": T("拒绝", "Refused"),
}
ORDERS: dict[str, Text] = {"ymd": T("年/月/日", "year/month/day"), "mdy": T("月/日/年", "month/day/year"), "dmy": T("日/月/年", "day/month/year")}
FATES: dict[str, tuple[Text, Text]] = {
    "skip": (T("跳过", "Skip"), T("已有的记录保持不变", "records that are there stay as they are")),
    "update": (T("更新", "Update"), T("用文件里填了的内容更新已有的记录", "they take what the file says; blank cells change nothing")),
    "add": (T("仍然新增", "Add anyway"), T("不管是否重复，每行都新增", "every row becomes a record of its own")),
    "error": (T("不导入，列出来", "Refuse and list"), T("重复的行放进错误文件，由我决定", "duplicates go to the error file for me to decide")),
}


def may(visit: Visit, it: Definition) -> bool:
    """Whether somebody may import records of this object."""
    return visit.may(it, "import") and visit.may(it, "create")


@page
def importing(visit: Visit, plural: str) -> HttpResponse:
    """The step an address means."""
    it = _object(visit, plural)
    if visit.get.get("trial"):
        return _trial(visit, it)
    if visit.get.get("file"):
        return _columns(visit, it)
    return _file(visit, it)


@page
def empty(visit: Visit, plural: str) -> HttpResponse:
    """A workbook to fill in."""
    it = _object(visit, plural)
    out = io.BytesIO()
    template.write_template(out, visit.actor, it)
    name = visit.look.t(f"{it.label.zh}导入模板.xlsx", f"{it.plural}-template.xlsx")
    response = HttpResponse(out.getvalue(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f"attachment; filename=\"{it.plural}-template.xlsx\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response


def _object(visit: Visit, plural: str) -> Definition:
    it = visit.object(plural)
    if not may(visit, it):
        raise Forbidden()
    return it


def _page(visit: Visit, it: Definition, step: int, status: int = 200, **more: Any) -> HttpResponse:
    title = T(f"导入{words.plural(it).zh}", f"Import {words.plural(it).en.lower()}")
    template = ("file", "columns", "trial")[step]
    return visit.page(f"pages/import_{template}.html", status, current=it, it=it, step=step, steps=STEPS, title=title, **more)


# -- a file ------------------------------------------------------------------------------------------------------------


def _file(visit: Visit, it: Definition) -> HttpResponse:
    problem: Problem | None = None
    text = ""
    if visit.posted:
        sent, text = visit.request.FILES.get("file"), visit.post.get("text", "")
        try:
            if sent is None and not text.strip():
                raise Invalid([], T("请选择一个文件，或粘贴一张表。", "Choose a file, or paste a table."))
            name, chunks = (sent.name or "", sent.chunks()) if sent is not None else (visit.look.t("粘贴的表格.tsv", "pasted.tsv"), [text.encode("utf-8", "replace")])
            file = files.upload(visit.actor, name, chunks)["file"]
            tasks.read(visit.actor, file, FileMapping()).close()
            return redirect(f"/{it.plural}/import?file={file}")
        except (Invalid, Unreadable, TooLarge) as found:
            problem = found
    return _page(visit, it, 0, problem.status if problem else 200, problem=problem, text=text[:200_000])


# -- its columns -------------------------------------------------------------------------------------------------------


class _Reading:
    """An uploaded file with the mapping its address means."""

    def __init__(self, visit: Visit, it: Definition) -> None:
        self.visit, self.it = visit, it
        get = visit.get
        self.file = get.get("file", "")
        self.name = jobs.file(visit.actor, self.file)[1]
        held = self._held()
        given, header = held or FileMapping(), get.get("header", "")
        self.given = replace(
            given, sheet=get.get("sheet") or given.sheet, encoding=get.get("encoding") or given.encoding, delimiter=get.get("delimiter") or given.delimiter,
            header_row=int(header) if header.isdecimal() and len(header) < 6 else given.header_row,
        )  # fmt: skip
        self.table = tasks.read(visit.actor, self.file, self.given)
        self.proposed, self.remembered = planning.propose(visit.actor, self.table, it.name)
        if not self.remembered:
            self.proposed = examining.keys(self.proposed, it)
        if held is None:
            given = self.given
            self.given = replace(self.proposed, sheet=given.sheet, encoding=given.encoding, delimiter=given.delimiter, header_row=given.header_row)
        columns = {name: self.given.columns.get(name, ()) for name in self.table.columns}
        self.given = import_form.by_column(replace(self.given, object=it.name, columns=columns, guess=False))

    def _held(self) -> FileMapping | None:
        actor, get = self.visit.actor, self.visit.get
        if kept := get.get("mapping", ""):
            try:
                return mappings.parse(msgspec.json.decode(jobs.file(actor, kept)[0].read_bytes()))
            except (msgspec.DecodeError, Invalid):
                raise NotFound() from None
        if job := get.get("from", ""):
            file, object, mapping, _ = tasks.asked(actor, job)
            if object != self.it.name:
                raise NotFound()
            # How its own file was read says nothing of this one, unless it is the same.
            held = mappings.parse(mapping)
            return held if file == self.file else replace(held, sheet=None, encoding=None, delimiter=None, header_row=None)
        return None

    def address(self, **more: str) -> str:
        return f"/{self.it.plural}/import?" + urlencode({"file": self.file, **{key: value for key, value in more.items() if value}})

    def problems(self) -> list[FieldError]:
        """Everything that keeps this mapping from being tried."""
        try:
            planning.plan(self.visit.actor, self.table, self.it.name, self.given)
        except Invalid as problem:
            return list(problem.errors) or [FieldError("", problem.code, problem.detail)]
        return []


def _columns(visit: Visit, it: Definition) -> HttpResponse:
    reading = _Reading(visit, it)
    with reading.table:
        if not visit.posted:
            return _draw(reading)
        try:
            given = import_form.read(visit, it, visit.post, reading.given)
        except Invalid as problem:
            return _draw(reading, problem)
    kept = str(jobs.keep(visit.actor, "mapping.json", [msgspec.json.encode(given.to_json())]))
    if visit.post.get("do") != "try":
        more = ",".join(one for one in visit.post.getlist("more") if one.isdecimal())
        return redirect(reading.address(mapping=kept, more=more))
    try:
        trial = tasks.start_import(visit.actor, reading.file, it.name, given.to_json(), dry_run=True)
    except Invalid:
        return redirect(reading.address(mapping=kept, check="1"))
    return redirect(f"/{it.plural}/import?trial={trial}")


def _draw(reading: _Reading, problem: Invalid | None = None) -> HttpResponse:
    visit, it, given, table = reading.visit, reading.it, reading.given, reading.table
    fields = mappings.importable(visit.actor, it)
    examined = examining.examine(visit.actor, table, it, given, reading.proposed, reading.remembered)
    more = visit.get.get("more", "").split(",")
    lines = [(seen, import_form.slots(visit, it, seen, str(seen.index) in more), given.values.get(seen.name, {})) for seen in examined.columns]
    names = {seen.index: import_form.names(visit, slots[0].field) for seen, slots, table_of in lines if seen.unknown or table_of}
    used = [name for name in dict.fromkeys([*(t.field for targets in given.columns.values() for t in targets), *given.constants]) if name in it.fields]
    matchable = [it.fields[name] for name in used if not isinstance(it.fields[name], Links) and visit.guard.level(it, name) in ("read", "write")]
    dated = any(isinstance(it.fields[name], Date | DateTime) for name in used)
    tried = problem is not None or bool(visit.get.get("check"))
    errors = list(problem.errors) if problem is not None else reading.problems()
    at = {name: number for number, name in enumerate(table.columns)}
    for seen in examined.columns:
        for target in seen.targets:
            at.setdefault(target.field, seen.index)
    return _page(
        visit, it, 1, 422 if problem is not None else 200,
        reading=reading, table=table, given=given, examined=examined, lines=lines, fields=fields, errors=errors, tried=tried,
        spots=[at.get(error.field.removeprefix("columns.")) for error in errors],
        first=table.sample(6), matchable=matchable, dated=dated, orders=ORDERS,
        fates=[(key, *FATES[key]) for key in FATES if key != "update" or visit.may(it, "update")],
        constants=import_form.constants(it, given), encodings=_encodings(table.encoding), form=import_form, unknown=UNKNOWN, names=names,
        missing=[one for one in fields.values() if one.required and one.default is None and one.name not in used],
    )  # fmt: skip


def _encodings(found: str | None) -> list[tuple[str, str]]:
    known = list(ENCODINGS)
    if found and found.replace("_", "-") not in dict(known) and found not in dict(known):
        known.insert(0, (found, found))
    return known


# -- a trial -----------------------------------------------------------------------------------------------------------


def _trial(visit: Visit, it: Definition) -> HttpResponse:
    """What would happen; posting makes it happen."""
    trial = visit.get.get("trial", "")
    file, object, mapping, dry = tasks.asked(visit.actor, trial)
    if not dry or object != it.name:
        raise NotFound()
    found = tasks.job(visit.actor, trial)
    outcome = found["outcome"]
    if visit.posted:
        if visit.post.get("do") == "cancel":
            if found["state"] in ("waiting", "running"):
                tasks.cancel(visit.actor, trial)
            return redirect(visit.request.get_full_path())
        total = outcome["rows"] + outcome["blank"] if found["state"] == "done" else None
        return redirect(f"/jobs/{tasks.start_import(visit.actor, file, it.name, mapping, total=total)}")
    given = mappings.parse(mapping)
    shown = [(at, name) for at, name in enumerate(outcome.get("headers", ())) if given.columns.get(name)]
    counts = {kind: outcome.get(kind, 0) for kind in KINDS}
    counts["conflict"] = outcome.get("conflicts", 0)
    counts["rejected"] -= counts["conflict"]
    kind = visit.get.get("show", "")
    if kind not in counts:
        kind = next((one for one in ("rejected", "conflict", "updated", "created", "same", "skipped") if counts[one]), "created")
    labels = {name: it.fields[targets[0].field].label for name, targets in given.columns.items() if targets and targets[0].field in it.fields}
    return _page(
        visit, it, 2,
        job=found, outcome=outcome, over=found["state"] in ("done", "failed", "cancelled"), name=jobs.file(visit.actor, file)[1],
        tabs=[(one, label, counts[one]) for one, label in KINDS.items() if counts[one] or one in ("created", "rejected")],
        kind=kind, count=counts[kind], shown=shown, labels=labels, examples=outcome.get("examples", {}).get(kind, []),
        differences=outcome.get("differences", []), comes=counts["created"] + counts["updated"],
        edit=f"/{it.plural}/import?" + urlencode({"file": file, "from": trial}),
    )  # fmt: skip


# -- and back again ----------------------------------------------------------------------------------------------------


@page
def undo(visit: Visit, job: UUID) -> HttpResponse:
    """Asks once before an import is taken back as a whole, and says what that would do."""
    tasks.undoable(visit.actor, job)
    if visit.posted:
        return redirect(f"/jobs/{tasks.start_undo(visit.actor, job)}")
    found = tasks.job(visit.actor, job)
    if found["dry_run"]:
        raise NotFound()
    report, whole = undoing.preview(visit.actor, job)
    it = visit.catalog.find(found["object"]) if found["object"] else None
    return visit.page(
        "pages/import_undo.html", job=found, it=it, outcome=found["outcome"], report=report, whole=whole, title=T("撤销", "Undo")
    )
