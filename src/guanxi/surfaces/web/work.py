"""Long work as its owner sees it: what is under way, how far it has come, the files it made."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse, HttpResponse

from guanxi.base.errors import Conflict, NotFound
from guanxi.base.text import T, Text
from guanxi.kernel import jobs
from guanxi.kernel.declare.objects import Definition
from guanxi.surfaces.downloads import download
from guanxi.surfaces.jobs import tasks
from guanxi.surfaces.web import importing, words
from guanxi.surfaces.web.look import render
from guanxi.surfaces.web.visit import Visit, page, redirect

STATES: dict[str, Text] = {
    "waiting": T("等待中", "Waiting"),
    "running": T("进行中", "Under way"),
    "done": T("已完成", "Done"),
    "failed": T("失败", "Failed"),
    "cancelled": T("已取消", "Cancelled"),
}
OVER = ("done", "failed", "cancelled")
FIGURES: dict[str, Text] = {
    "rows": T("行数", "Rows"),
    "moved": T("已转移", "Handed over"),
    "changed": T("已修改", "Changed"),
    "same": T("无变化", "Unchanged"),
    "restored": T("移出回收站", "Out of the bin"),
    "deleted": T("放进回收站", "To the bin"),
    "reverted": T("恢复原值", "Put back"),
    "kept": T("保留", "Kept"),
    "created": T("新增", "Created"),
    "updated": T("更新", "Updated"),
    "unchanged": T("无变化", "Unchanged"),
    "skipped": T("跳过", "Skipped"),
    "rejected": T("拒绝", "Refused"),
    "pairs": T("疑似重复", "Possible duplicates"),
}
FILES: dict[str, Text] = {"file": T("下载文件", "Download the file"), "errors": T("下载被拒绝的行", "Download the refused rows")}
RESULTS = T("下载逐条结果", "Download all results")


@page
def listed(visit: Visit) -> HttpResponse:
    rows = [(row, _label(visit, row), _object(visit, row), STATES[row["state"]]) for row in tasks.own_jobs(visit.actor, limit=50)]
    going = any(row["state"] not in OVER for row, *_ in rows)
    return visit.page("pages/jobs.html", rows=rows, going=going, over=OVER, title=T("后台任务", "Background work"))


@page
def one(visit: Visit, job: UUID) -> HttpResponse:
    """A job; posting asks for its end."""
    if visit.posted:
        try:
            tasks.cancel(visit.actor, job)
        except Conflict:
            visit.say(T("任务已经结束。", "It is over already."), "note")
        return redirect(f"/jobs/{job}")
    found = tasks.job(visit.actor, job)
    outcome, it = found["outcome"], _object(visit, found)
    if found["dry_run"] and it is not None and importing.may(visit, it):
        return redirect(f"/{it.plural}/import?trial={job}")
    return visit.page(
        "pages/job.html",
        job=found,
        label=_label(visit, found),
        it=it,
        state=STATES[found["state"]],
        steps=importing.STEPS,
        undoable=_undoable(visit, found),
        **_again(visit, found, it),
        over=found["state"] in OVER,
        figures=[(label, outcome[name]) for name, label in FIGURES.items() if isinstance(outcome.get(name), int)],
        files=[(RESULTS if found["kind"] == "bulk" and name == "file" else label, outcome[name]) for name, label in FILES.items() if isinstance(outcome.get(name), str)],
        title=_label(visit, found),
    )


@page
def bar(visit: Visit, job: UUID) -> HttpResponse:
    """How far a job is, for the page it was started from."""
    found = tasks.job(visit.actor, job)
    over = found["state"] in OVER
    context = {"job": found, "label": _label(visit, found), "it": _object(visit, found), "over": over, "state": STATES[found["state"]], "undoable": over and _undoable(visit, found)}
    return HttpResponse(render("components/underway.html", visit.look, context), headers={"Cache-Control": "private, no-store"})


def _undoable(visit: Visit, found: dict[str, Any]) -> bool:
    """Whether there may be something to take back."""
    if found["kind"] not in tasks.UNDOABLE or found["dry_run"] or not found["done"]:
        return False
    try:
        tasks.undoable(visit.actor, found["id"])
    except Conflict:
        return False
    return True


def _again(visit: Visit, found: dict[str, Any], it: Definition | None) -> dict[str, Any]:
    """Where an import that is over leads to: the records it made, and its refused rows once more."""
    if found["kind"] != "import" or it is None or found["state"] not in OVER:
        return {"made": "", "again": ""}
    outcome, made, again = found["outcome"], "", ""
    if outcome.get("created") and found["started_at"] and found["finished_at"]:
        between = f'created_at between ("{found["started_at"].isoformat()}", "{found["finished_at"].isoformat()}")'
        made = f"/{it.plural}?" + urlencode({"where": f"created_by = me and {between}"})
    if isinstance(outcome.get("errors"), str) and importing.may(visit, it):
        again = f"/{it.plural}/import?" + urlencode({"file": outcome["errors"], "from": found["id"]})
    return {"made": made, "again": again}


@page
def file(visit: Visit, job: UUID, file: UUID) -> FileResponse:
    """A file a job made, for whoever started it."""
    found = tasks.job(visit.actor, job)
    if str(file) not in [found["outcome"].get(name) for name in FILES]:
        raise NotFound()
    path, name = jobs.file(visit.actor, file)
    return download(path, name)


def _label(visit: Visit, row: dict[str, Any]) -> Text:
    if row["kind"] == "bulk" and (it := visit.catalog.find(row["object"] or "")) is not None:
        action = it.verbs.get(row["verb"] or "")
        label = words.VERBS.get(row["verb"] or "") or (action.label if action is not None else T("", ""))
        return T(f"批量{label.zh}", f"{label.en} many")
    return words.VERBS.get(row["kind"]) or T(row["kind"], row["kind"])


def _object(visit: Visit, row: dict[str, Any]) -> Definition | None:
    it = visit.catalog.find(row["object"]) if row["object"] else None
    return it if it is not None and visit.may(it, "read") else None
