"""One generic router for every object there is: the catalog says what exists, the door does the work."""

from __future__ import annotations

import logging
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from guanxi.base.errors import FieldError, Invalid, Merged, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import accounts, capture, files, jobs
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import (
    door,
    finding,
    handing,
    inquiring,
    many,
    matching,
    merging,
    reading,
    revealing,
    seeking,
    telling,
    undoing,
)
from guanxi.kernel.records.door import Item, Result
from guanxi.surfaces.api import openapi
from guanxi.surfaces.api.asking import actor_of, answer, body, only, refusal, version
from guanxi.surfaces.downloads import download
from guanxi.surfaces.jobs import tasks

log = logging.getLogger("guanxi.api")
api = NinjaAPI(title="Guanxi", version="1", docs_url=None, openapi_url=None, urls_namespace="guanxi-api")


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    if isinstance(problem, NotFound) and (to := _survivor(request)):
        gone = refusal(request, Merged())
        gone["Location"] = to
        return gone
    return refusal(request, problem)


def _survivor(request: HttpRequest) -> str:
    """The address of what the record of this request was merged into, where the caller may read that."""
    asked = request.resolver_match.kwargs if request.resolver_match is not None else {}
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or "record" not in asked or "name" not in asked:
        return ""
    try:
        found = merging.survivor(asked["name"], asked["record"], actor=actor)
    except NotFound:
        return ""
    return f"/api/v1/{asked['name']}/{found}" if found is not None else ""


@api.exception_handler(ValidationError)
def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [
        FieldError(str(one["loc"][-1]), "type", T("参数格式不对。", "The parameter has the wrong form."))
        for one in error.errors
    ]
    return refusal(request, Invalid(found))


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return refusal(
        request,
        NotFound()
        if error.status_code == 404
        else Invalid.field("body", "invalid", "请求格式不对。", "The request has the wrong form."),
    )


@api.exception_handler(MultiPartParserError)
@api.exception_handler(SuspiciousOperation)
def _form(request: HttpRequest, error: Exception) -> HttpResponse:
    """A form that is none, or holds more parts than one may."""
    return refusal(request, Invalid.field("body", "invalid", "表单格式不对。", "The form cannot be read."))


@api.exception_handler(Exception)
def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("request failed")
    return refusal(request, Problem())


def _list(text: str | None) -> list[str] | None:
    return [part.strip() for part in text.split(",") if part.strip()] if text is not None else None


def _done(request: HttpRequest, actor: Actor, name: str, result: Result, status: int = 200) -> HttpResponse:
    """What a verb did; with `Prefer: return=representation` (RFC 7240) also the record as the actor sees it now, null when
    it left their sight. Most callers know what they sent, and reading it back costs as much as writing it."""
    document: dict[str, Any] = {
        "id": result.id,
        "version": result.version,
        "changed": result.changed,
        "warnings": [{"field": field, "message": text.for_(actor.language)} for field, text in result.warnings],
    }
    if result.output is not None:
        document["output"] = result.output
    headers = {"ETag": f'"{result.version}"'}
    if "return=representation" in request.headers.get("Prefer", ""):
        try:
            document["record"] = reading.get(name, result.id, actor=actor)
        except NotFound:
            document["record"] = None
        headers["Preference_Applied"] = "return=representation"
    return answer(document, status, **headers)


@api.get("/openapi.json")
def get_openapi(request: HttpRequest) -> HttpResponse:
    return answer(openapi.document())


@api.get("/catalog")
def get_catalog(request: HttpRequest) -> HttpResponse:
    return answer(reading.describe(actor_of(request)))


@api.get("/search")
def get_search(request: HttpRequest, q: str = "", objects: str | None = None, limit: int = 20) -> HttpResponse:
    actor = actor_of(request)
    accounts.searching(request)
    hits = finding.search(q, actor=actor, objects=_list(objects) or (), limit=max(1, min(limit, 100)), places=True)
    return answer({"rows": [{"object": h.object, "id": h.id, "title": h.title, "subtitle": h.subtitle} for h in hits]})


@api.post("/search")
def post_search(request: HttpRequest) -> HttpResponse:
    """Words or lists of them looked for in chosen fields of several objects, with why each record was found and what was not."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "words", "how", "objects", "fields", "without")
    accounts.searching(request)
    lists = {key: _texts(asked, key) or [] for key in ("words", "objects", "without")}
    fields = asked.get("fields") or {}
    if not isinstance(fields, dict):
        raise Invalid.field("fields", "type", "fields 应为“对象: 字段列表”的表。", "fields is a table of object: list of fields.")
    found = inquiring.inquire(inquiring.Asked(**lists, how=str(asked.get("how", "exact")), fields={name: _texts(fields, name) or [] for name in fields}), actor=actor)
    groups = [
        {
            "object": one.object, "more": one.more, "where": one.where,
            "rows": [{"id": row.id, "title": row.title, "found": [{"field": why.field, "word": why.word} for why in row.reasons]} for row in one.rows],
        }
        for one in found.groups
    ]  # fmt: skip
    return answer({"groups": groups, "missing": found.missing, "unsure": found.unsure})


@api.post("/capture")
def post_capture(request: HttpRequest) -> HttpResponse:
    """What a pasted text may become; nothing is written."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "text", "reader")
    reader = asked.get("reader", "rules")
    if not isinstance(reader, str):
        raise Invalid.field("reader", "type", "reader 应为文字。", "reader is text.")
    return answer(capture.propose(actor, _text(asked, "text"), reader=reader).to_json())


@api.post("/capture/accept")
def post_capture_accept(request: HttpRequest) -> HttpResponse:
    """Take a proposal's steps, as corrected, all or none."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "steps")
    done = capture.accept(actor, capture.from_json(asked.get("steps")))
    made = [
        {"name": one.name, "object": one.object, "id": one.id, "did": one.did, "version": one.version,
         "warnings": [{"field": field, "message": text.for_(actor.language)} for field, text in one.warnings]}
        for one in done
    ]  # fmt: skip
    return answer({"records": made}, 201)


@api.post("/files")
def post_file(request: HttpRequest) -> HttpResponse:
    """Upload one file as multipart form data; the answer is an item of a file field's value."""
    actor = actor_of(request)
    sent = [one for one in request.FILES.values() if isinstance(one, UploadedFile)]
    if len(sent) != 1:
        raise Invalid.field("file", "required", "请上传一个文件。", "Upload one file.")
    return answer(files.upload(actor, sent[0].name or "", sent[0].chunks()), 201)


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid.field(name, "required", f"请给出 {name}。", f"Give {name}.")
    return value


def _texts(asked: dict[str, Any], name: str) -> list[str] | None:
    value = asked.get(name)
    if value is not None and (not isinstance(value, list) or not all(isinstance(v, str) for v in value)):
        raise Invalid.field(name, "type", f"{name} 应为文字列表。", f"{name} is a list of text.")
    return value


@api.post("/imports")
def post_imports(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    asked = body(request)
    only(asked, "file", "object", "mapping", "dry_run")
    mapping = asked.get("mapping")
    if mapping is not None and not isinstance(mapping, dict):
        raise Invalid.field("mapping", "type", "mapping 应为对象。", "mapping is an object.")
    job = tasks.start_import(
        actor, _text(asked, "file"), _text(asked, "object"), mapping, dry_run=asked.get("dry_run") is True
    )
    return answer(tasks.job(actor, job), 202, Location=f"/api/v1/jobs/{job}")


@api.post("/imports/{job}/undo")
def post_undo(request: HttpRequest, job: str) -> HttpResponse:
    actor = actor_of(request)
    undo = tasks.start_undo(actor, job)
    return answer(tasks.job(actor, undo), 202, Location=f"/api/v1/jobs/{undo}")


@api.post("/exports")
def post_exports(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    asked = body(request)
    only(asked, "object", "where", "fields", "sort", "format")
    job = tasks.start_export(
        actor,
        _text(asked, "object"),
        asked.get("where"),
        _texts(asked, "fields"),
        asked.get("format") or "csv",
        sort=_texts(asked, "sort"),
    )
    return answer(tasks.job(actor, job), 202, Location=f"/api/v1/jobs/{job}")


@api.get("/jobs")
def get_jobs(request: HttpRequest) -> HttpResponse:
    return answer({"rows": tasks.own_jobs(actor_of(request))})


@api.get("/jobs/{job}")
def get_job(request: HttpRequest, job: str) -> HttpResponse:
    return answer(tasks.job(actor_of(request), job))


@api.post("/jobs/{job}/cancel")
def post_cancel(request: HttpRequest, job: str) -> HttpResponse:
    return answer(tasks.cancel(actor_of(request), job))


@api.post("/jobs/{job}/undo")
def post_job_undo(request: HttpRequest, job: str) -> HttpResponse:
    """Take work on many records back as a whole: an import, a hand-over, a bulk job."""
    actor = actor_of(request)
    undo = tasks.start_undo(actor, job)
    return answer(tasks.job(actor, undo), 202, Location=f"/api/v1/jobs/{undo}")


@api.get("/undo/{event}")
def get_undo(request: HttpRequest, event: str) -> HttpResponse:
    """What taking back would do at this moment; nothing is done."""
    return answer(_taken_back(undoing.rehearse, actor_of(request), event))


@api.post("/undo/{event}")
def post_undo_event(request: HttpRequest, event: str) -> HttpResponse:
    """Take back what the caller did with one request, from the version it answered with on: what went along comes back as well."""
    return answer(_taken_back(undoing.take_back, actor_of(request), event))


def _taken_back(how: Any, actor: Actor, event: str) -> dict[str, Any]:
    found = parse_id(event)
    if found is None:
        raise NotFound()
    done = how(actor, found)
    kept = [{"message": reason.for_(actor.language), "count": count} for reason, count in done.kept.most_common()]
    return {"deleted": done.deleted, "restored": done.restored, "reverted": done.reverted, "objects": dict(done.back), "kept": kept}


@api.get("/jobs/{job}/files/{file}")
def get_job_file(request: HttpRequest, job: str, file: str) -> FileResponse:
    """A file a job made: the exported list, or the refused rows. Only who started the job may have it."""
    actor = actor_of(request)
    tasks.job(actor, job)
    path, name = jobs.file(actor, file)
    return download(path, name)


@api.get("/{name}")
def get_list(
    request: HttpRequest,
    name: str,
    where: str | None = None,
    sort: str | None = None,
    fields: str | None = None,
    limit: int = 50,
    after: str | None = None,
    before: str | None = None,
    count: str = "none",
    deleted: bool = False,
    q: str = "",
) -> HttpResponse:
    actor = actor_of(request)
    with accounts.rows_of(request, actor, name) as took:
        page = reading.query(
            name,
            actor=actor,
            where=seeking.narrowed(name, where, q, actor=actor, living=not deleted),
            sort=_list(sort),
            fields=_list(fields),
            limit=limit,
            after=after,
            before=before,
            count=count,
            deleted=deleted,
        )
        took(len(page.rows))
    document: dict[str, Any] = {"rows": page.rows, "next": page.next, "previous": page.previous}
    if count != "none":
        document |= {"count": page.count, "more": page.more}
    return answer(document)


@api.post("/{name}")
def post_create(request: HttpRequest, name: str) -> HttpResponse:
    actor = actor_of(request)
    result = door.perform(name, "create", actor=actor, changes=body(request))
    response = _done(request, actor, name, result, 201)
    response["Location"] = f"/api/v1/{name}/{result.id}"
    return response


@api.post("/{name}/aggregate")
def post_aggregate(request: HttpRequest, name: str) -> HttpResponse:
    actor = actor_of(request)
    asked = body(request)
    only(asked, "where", "group_by", "measures", "sort", "limit")
    texts = {}
    for key in ("group_by", "measures", "sort"):
        value = asked.get(key, ["count"] if key == "measures" else [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise Invalid.field(key, "type", f"{key} 应为文字列表。", f"{key} is a list of text.")
        texts[key] = value
    limit = asked.get("limit", reading.MAX_GROUPS)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise Invalid.field("limit", "type", "limit 应为正整数。", "limit is a positive whole number.")
    found = reading.aggregate(name, actor=actor, where=asked.get("where"), limit=limit, **texts)
    return answer({"rows": found.rows, "truncated": found.truncated})


@api.post("/{name}/duplicates")
def post_duplicates(request: HttpRequest, name: str) -> HttpResponse:
    """Records that the rules call duplicates of one with these `values`, leaving out the record `id`; nothing is written."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "values", "id")
    values = asked.get("values")
    if not isinstance(values, dict):
        raise Invalid.field("values", "required", "请给出 values。", "Give the values.")
    own = parse_id(asked["id"]) if isinstance(asked.get("id"), str) else None
    if asked.get("id") is not None and own is None:
        raise Invalid.field("id", "id", "编号格式不对。", "Not an id.")
    found = matching.check(name, values, actor=actor, id=own)
    return answer({"rows": [one.to_json(actor.language) for one in found]})


@api.post("/{name}/along")
def post_along(request: HttpRequest, name: str) -> HttpResponse:
    """How many records of each object could go along with a transfer of some, by `ids` or `where`; nothing is done."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "ids", "where")
    if ("ids" in asked) == ("where" in asked):
        raise Invalid.field("ids", "required", "请给出 ids 或 where 之一。", "Give either ids or where.")
    ids = _ids(asked) if "ids" in asked else many.unpack(many.settle(actor, name, asked["where"]))
    return answer({"counts": {it.name: count for it, count in handing.counts(actor, name, ids)}})


@api.post("/{name}/bulk")
def post_bulk(request: HttpRequest, name: str) -> HttpResponse:
    """Many records with one verb: `items`, or `ids` with the same `changes` and `inputs` for all, and one result per item; or all
    that a condition means at this moment (`where`), or `ids` in the `background`: a job."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "verb", "items", "ids", "where", "changes", "inputs", "add", "remove", "background")
    verb = asked.get("verb")
    if not isinstance(verb, str):
        raise Invalid.field("verb", "required", "请给出 verb。", "Give the verb.")
    if "where" in asked or asked.get("background") is True:
        job = tasks.start_bulk(actor, *_meant(actor, name, verb, asked))
        return answer(tasks.job(actor, job), 202, Location=f"/api/v1/jobs/{job}")
    for key in ("add", "remove", "background"):
        if asked.get(key):
            raise Invalid.field(key, "not-here", f"{key} 需要 where 或 background。", f"{key} goes with where or background.")
    items = [_item(one, i) for i, one in enumerate(_all(asked))]
    outcomes = many.each(actor, name, verb, items)
    results: list[dict[str, Any]] = []
    for outcome in outcomes:
        if isinstance(outcome, Problem):
            results.append({"ok": False, "problem": outcome.to_dict(actor.language)})
        else:
            results.append({"ok": True, "id": outcome.id, "version": outcome.version, "changed": outcome.changed})
    return answer({"results": results, "undo": min((one["version"] for one in results if one.get("changed")), default=None)})


def _meant(actor: Actor, name: str, verb: str, asked: dict[str, Any]) -> tuple[many.Deed, bytes]:
    """What a job is to do, and to which records."""
    if "items" in asked or ("where" in asked) == ("ids" in asked):
        raise Invalid.field("where", "required", "请给出 where 或 ids 之一。", "Give either where or ids.")
    maps = {}
    for key in ("changes", "inputs", "add", "remove"):
        maps[key] = asked.get(key) or {}
        if not isinstance(maps[key], dict):
            raise Invalid.field(key, "type", f"{key} 应为对象。", f"{key} is an object.")
    for key in ("add", "remove"):
        if not all(isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) for tags in maps[key].values()):
            raise Invalid.field(key, "type", f"{key} 是按字段列出的标签。", f"{key} lists tags by field.")
    deed = many.Deed(name, verb, **maps)
    many.check(actor, deed)
    if "ids" not in asked:
        return deed, many.settle(actor, name, asked["where"], deleted=deed.binned)
    return deed, many.pack(_ids(asked))


def _ids(asked: dict[str, Any]) -> list[UUID]:
    ids = [parse_id(one) if isinstance(one, str) else None for one in asked["ids"]] if isinstance(asked["ids"], list) else [None]
    found = [one for one in ids if one is not None]
    if len(found) != len(ids):
        raise Invalid.field("ids", "id", "编号格式不对。", "Not an id.")
    return found


def _all(asked: dict[str, Any]) -> list[Any]:
    if ("items" in asked) == ("ids" in asked):
        raise Invalid.field("items", "required", "请给出 items 或 ids 之一。", "Give either items or ids.")
    if "ids" in asked:
        ids = asked["ids"]
        if not isinstance(ids, list):
            raise Invalid.field("ids", "type", "ids 应为列表。", "ids is a list.")
        same = {key: asked[key] for key in ("changes", "inputs") if key in asked}
        return [{"id": one, **same} for one in ids]
    if not isinstance(asked["items"], list):
        raise Invalid.field("items", "type", "items 应为列表。", "items is a list.")
    return asked["items"]


def _item(one: Any, index: int) -> Item:
    where = f"items[{index}]"
    if not isinstance(one, dict) or not set(one) <= {"id", "changes", "version", "inputs"}:
        raise Invalid.field(
            where, "type", "每项只能有 id、changes、version、inputs。", "An item has only id, changes, version, inputs."
        )
    ids = {}
    for key in ("id", "version"):
        value = one.get(key)
        ids[key] = parse_id(value) if isinstance(value, str) else None
        if value is not None and ids[key] is None:
            raise Invalid.field(f"{where}.{key}", "id", "编号格式不对。", "Not an id.")
    maps = {}
    for key in ("changes", "inputs"):
        maps[key] = one.get(key) or {}
        if not isinstance(maps[key], dict):
            raise Invalid.field(f"{where}.{key}", "type", f"{key} 应为对象。", f"{key} is an object.")
    return Item(ids["id"], maps["changes"], ids["version"], maps["inputs"])


@api.get("/{name}/{record}")
def get_record(
    request: HttpRequest, name: str, record: str, fields: str | None = None, deleted: bool = False, timeline: int = 0
) -> HttpResponse:
    """One record; with `timeline`, as {record, timeline} with so many of its newest events."""
    actor = actor_of(request)
    if timeline and not deleted:
        row, found = telling.record(name, record, actor=actor, fields=_list(fields), limit=_most(timeline, "timeline"))
        return answer({"record": row, "timeline": _page(found, timeline)}, ETag=f'"{row["version"]}"')
    row = reading.get(name, record, actor=actor, fields=_list(fields), deleted=deleted, opened=True)
    return answer(row, ETag=f'"{row["version"]}"')


@api.patch("/{name}/{record}")
def patch_record(request: HttpRequest, name: str, record: str) -> HttpResponse:
    actor = actor_of(request)
    return _done(
        request,
        actor,
        name,
        door.perform(name, "update", actor=actor, id=record, changes=body(request), version=version(request)),
    )


@api.delete("/{name}/{record}")
def delete_record(request: HttpRequest, name: str, record: str) -> HttpResponse:
    actor = actor_of(request)
    door.perform(name, "delete", actor=actor, id=record, version=version(request))
    return HttpResponse(status=204)


@api.get("/{name}/{record}/files/{field}/{file}")
def get_file(request: HttpRequest, name: str, record: str, field: str, file: str) -> FileResponse:
    """A file of a record's field, always as a download."""
    found = parse_id(file)
    if found is None:
        raise NotFound()
    opened = files.open_file(actor_of(request), name, record, field, found)
    return download(opened.path, opened.name, opened.type)


@api.get("/{name}/{record}/timeline")
def get_timeline(
    request: HttpRequest, name: str, record: str, before: str | None = None, limit: int = 50, only: str = "", way: str = "", words: str = "",
    since: str = "", until: str = "", by: str = "",
) -> HttpResponse:  # fmt: skip
    narrow = telling.Narrow(only, way, words[:MOST_WORDS], _day("since", since), _day("until", until), _one("by", by))
    return _told(request, partial(telling.timeline, narrow=narrow), name, record, before, limit)


MOST_WORDS = 100


def _day(name: str, text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        found = date.min
    if found is not None and not 1900 < found.year < 2200:
        raise Invalid.field(name, "date", "请写成 2026-01-31 这样的日期。", "Write a date as 2026-01-31.")
    return found


def _one(name: str, text: str) -> UUID | None:
    found = parse_id(text) if text else None
    if text and found is None:
        raise Invalid.field(name, "id", "编号格式不对。", "Not an id.")
    return found


@api.get("/{name}/{record}/history")
def get_history(
    request: HttpRequest, name: str, record: str, before: str | None = None, limit: int = 50
) -> HttpResponse:
    return _told(request, telling.history, name, record, before, limit)


def _told(request: HttpRequest, ask: Any, name: str, record: str, before: str | None, limit: int) -> HttpResponse:
    actor = actor_of(request)
    edge = parse_id(before) if before else None
    if before and edge is None:
        raise Invalid.field("before", "id", "编号格式不对。", "Not an id.")
    return answer(_page(ask(name, record, actor=actor, before=edge, limit=_most(limit, "limit")), limit))


def _most(limit: int, name: str) -> int:
    if not 1 <= limit <= reading.MAX_LIMIT:
        raise Invalid.field(name, "range", f"每页 1 到 {reading.MAX_LIMIT} 条。", f"A page holds 1 to {reading.MAX_LIMIT} events.")
    return limit


def _page(found: list[telling.Told], limit: int) -> dict[str, Any]:
    return {"rows": found, "next": found[-1].id if len(found) == limit else None}


@api.get("/{name}/{record}/explain")
def get_explain(request: HttpRequest, name: str, record: str) -> HttpResponse:
    return answer(telling.explain(name, record, actor=actor_of(request)))


@api.post("/{name}/{record}/{verb}")
def post_verb(request: HttpRequest, name: str, record: str, verb: str) -> HttpResponse:
    """A verb on one record: `changes` for the fields it may write, `inputs` for its own parameters."""
    actor = actor_of(request)
    asked = body(request)
    only(asked, "changes", "inputs")
    for key in ("changes", "inputs"):
        if not isinstance(asked.get(key, {}), dict):
            raise Invalid.field(key, "type", f"{key} 应为对象。", f"{key} is an object.")
    if verb == "create":
        raise NotFound()
    if verb == "reveal":
        field = _text(asked.get("inputs") or {}, "field")
        return answer({"field": field, "value": revealing.reveal(name, record, field, actor=actor)})
    result = door.perform(
        name,
        verb,
        actor=actor,
        id=record,
        changes=asked.get("changes"),
        inputs=asked.get("inputs"),
        version=version(request),
    )
    return _done(request, actor, name, result)
