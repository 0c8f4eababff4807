"""Forms: a new record, an edited one, and a verb's own page. What was typed is kept until it is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from guanxi.base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxi.base.ids import parse_id
from guanxi.base.text import T, Text
from guanxi.kernel.declare.fields import Choice, DateTime, Field, Link, Links, Person
from guanxi.kernel.declare.objects import Action, Definition, Form, Record, named
from guanxi.kernel.records import along as together
from guanxi.kernel.records import door, handing
from guanxi.kernel.records.telling import Told
from guanxi.surfaces.web import duplicates, linking, meanwhile, shell, turning, words
from guanxi.surfaces.web.deeds import hint
from guanxi.surfaces.web.inputs import Raw, defaults, initial, prefill, read_all, signature
from guanxi.surfaces.web.record import actions, fetch
from guanxi.surfaces.web.settings import handover
from guanxi.surfaces.web.visit import Visit, page, redirect, safe_next

SHARE = (
    named("user", Person(T("成员", "Member"), required=True)),
    named("level", Choice(T("权限", "Right"), [("read", T("只读", "Read")), ("write", T("读写", "Write"))], default="read", required=True)),
    named("until", DateTime(T("截止时间", "Until"), help=T("留空表示一直有效。", "Empty means without end."))),
)
FEW = 8
"""So many fields stand in a form without headings."""
ATTEMPTS = 3
"""How often a form is put together with what others save at the same moment."""
INPUTS: dict[str, tuple[Field, ...]] = {"share": SHARE, "unshare": SHARE[:1]}
"""The inputs of the verbs that every object has."""


def writable(visit: Visit, it: Definition) -> tuple[list[Field], list[Field]]:
    """What the form shows at once, and what it keeps folded: only what the actor may write."""
    writable = [
        one for one, level in visit.guard.visible(it) if level == "write" and not one.readonly and not one.system and one.computed is None
    ]
    form: Form | None = it.view(Form)
    if form is None:
        return writable, []
    by_name = {one.name: one for one in writable}
    first = [by_name[name] for name in form.fields if name in by_name]
    first += [one for one in writable if one.required and one not in first]
    first += [one for one in writable if one.custom and one not in first]
    return first, [one for one in writable if one not in first]


def brief(visit: Visit, it: Definition, first: list[Field], rest: list[Field]) -> tuple[list[Field], list[Field]]:
    """What the form of a new record shows at once, and what waits behind one click: the few its declaration names, what it cannot do
    without, and what the address brings along."""
    form: Form | None = it.view(Form)
    if form is None or not form.short:
        return first, rest
    everything = [*first, *rest]
    by_name = {one.name: one for one in everything}
    shown = [by_name[name] for name in form.short if name in by_name]
    shown += [one for one in everything if one not in shown and ((one.required and one.default is None) or visit.get.get(one.name))]
    return shown, [one for one in everything if one not in shown]


def companions(visit: Visit, it: Definition) -> list[Field]:
    """The inputs of what may be made together with a new record, called `object.field`, if the actor may make it."""
    form: Form | None = it.view(Form)
    along = form.along if form is not None else None
    other = visit.catalog.find(along.object) if along is not None else None
    if along is None or other is None or not visit.may(other, "create") or visit.guard.level(other, along.link) != "write":
        return []
    fields = [other.fields[name].bound(name=f"{along.object}.{name}", required=False) for name in along.fields if visit.guard.level(other, name) == "write"]
    needed = {name for name, one in other.fields.items() if one.required and one.default is None and one.computed is None} - {along.link, "owner"}
    return fields if needed <= {one.name.partition(".")[2] for one in fields} else []


def sections(it: Definition, fields: Sequence[Field]) -> list[tuple[Text | None, list[Field]]]:
    """The fields of a form under the headings they have on the record's page; a few need none."""
    view: Record | None = it.view(Record)
    if view is None or len(fields) <= FEW:
        return [(None, list(fields))] if fields else []
    found = [(label, [one for one in fields if one.name in names]) for label, names in view.groups]
    named = {name for _, names in view.groups for name in names}
    found.append((T("其他信息", "More"), [one for one in fields if one.name not in named]))
    kept = [(label, group) for label, group in found if group]
    return [*kept] if len(kept) > 1 else [(None, list(fields))]


@page
def new(visit: Visit, plural: str) -> HttpResponse:
    it = visit.object(plural)
    if not visit.may(it, "create"):
        raise Forbidden()
    first, rest = brief(visit, it, *writable(visit, it))
    if not visit.posted:
        raw = defaults([*first, *rest], visit)
        raw.fill(prefill([*first, *rest], visit))
        return draw(visit, it, "create", first, rest, raw)
    raw = Raw.of(visit.post)
    given = visit.post.getlist("only")  # a form with some of the inputs says which; the others keep their defaults
    asked = [one for one in (*first, *rest) if not given or one.name in given]
    read = read_all(asked, raw, visit, everything=True)
    beside = read_all(companions(visit, it) if not given else [], raw, visit)
    for one in asked:
        if one.default is not None and not callable(one.default) and not signature(one, raw) and one.name not in read.values:
            read.values[one.name] = None
    try:
        read.errors += beside.errors
        read.check()
        once, careful = parse_id(visit.post.get("once", "")), duplicates.CONFIRMED not in visit.post
        if beside.values and (form := it.view(Form)) is not None and form.along is not None:
            its = {name.partition(".")[2]: value for name, value in beside.values.items()}
            result = together.create(it.name, read.values, form.along, its, actor=visit.actor, once=once, careful=careful)
        else:
            result = door.perform(it.name, "create", actor=visit.actor, changes=read.values, once=once, careful=careful)
    except (Invalid, Conflict, Forbidden) as problem:
        return draw(visit, it, "create", first, rest, raw, problem=problem, candidates=read.candidates)
    _told(visit, it, "create", result)
    if "again" in visit.post:
        return redirect(visit.request.get_full_path())
    return redirect(_next(visit) or visit.look.to(it.name, result.id))


@page
def edit(visit: Visit, plural: str, id: str) -> HttpResponse:
    it = visit.object(plural)
    if not visit.may(it, "update"):
        raise Forbidden()
    first, rest = writable(visit, it)
    row, _ = fetch(visit, it, id, [one.name for one in (*first, *rest)], reach="update")
    if row.get("deleted_at") is not None:
        raise NotFound()
    if not row.pop("reach"):
        raise Forbidden()
    fields = [*first, *rest]
    if not visit.posted:
        now = of_row(fields, row, visit)
        return draw(visit, it, "update", first, rest, now, row=row, was=now)
    raw = Raw.of(visit.post)
    read = read_all(fields, raw, visit)
    version = parse_id(visit.post.get("version", ""))
    undecided = meanwhile.decided(read.values, raw)
    for attempt in range(ATTEMPTS):
        now = of_row(fields, row, visit)
        # Others may have changed other values meanwhile: what this person typed over is still what they saw.
        other = version is not None and version != row["version"]
        clashes = meanwhile.clashes([one for one in fields if one.name in read.values], raw, now) if other else []
        news = meanwhile.since(visit, it, row, version)
        try:
            read.check()
            if clashes or undecided:
                return _both(visit, it, first, rest, raw, now, row, set(read.values), news, undecided)
            result = door.perform(it.name, "update", actor=visit.actor, id=row["id"], changes=read.values, version=row["version"], careful=duplicates.CONFIRMED not in visit.post)
        except Problem as problem:
            if isinstance(problem, Conflict) and problem.status == 412 and attempt < ATTEMPTS - 1:
                row, _ = fetch(visit, it, id, [one.name for one in fields])
                continue
            if not isinstance(problem, Invalid | Conflict | Forbidden):
                raise
            return draw(visit, it, "update", first, rest, raw, row=row, was=raw, problem=problem, candidates=read.candidates, version=version)
        break
    _told(visit, it, "update", result)
    if result.changed and (hint := meanwhile.joined(it, news, read.values)) is not None:
        visit.say(hint, "note")
    return redirect(_next(visit) or handover.due(visit, it, row["id"], read.values) or visit.look.to(it.name, row["id"]))


def of_row(fields: Sequence[Field], row: Mapping[str, Any], visit: Visit) -> Raw:
    """What a form shows of a record, with what each input held, so that only what somebody touched is saved."""
    raw = Raw()
    for one in fields:
        raw.fill(initial(one, row.get(one.name), visit))
    for one in fields:
        raw.texts[f"was.{one.name}"] = [signature(one, raw)]
    return raw


def _both(
    visit: Visit,
    it: Definition,
    first: list[Field],
    rest: list[Field],
    raw: Raw,
    now: Raw,
    row: dict[str, Any],
    mine: set[str],
    news: Mapping[str, Told],
    undecided: Sequence[str],
) -> HttpResponse:
    """Somebody else saved first: their values everywhere, mine where I typed, and both side by side where they differ, to be
    decided one by one."""
    shown = Raw(dict(now.texts))
    theirs: dict[str, Any] = {}
    for one in (*first, *rest):
        if one.name in mine:
            if signature(one, raw) != signature(one, now):
                theirs[one.name] = row.get(one.name)
            names = [key for key in {*raw.texts, *now.texts} if key == one.name or key.startswith(one.name + ".")]
            shown.texts |= {key: raw.texts.get(key, []) for key in names}
    shown.texts |= {key: values for key, values in raw.texts.items() if key.startswith("keep.")}
    problem = Conflict() if not undecided else meanwhile.undecided(undecided)
    return draw(visit, it, "update", first, rest, shown, row=row, was=now, problem=problem, theirs=theirs, news=news)


def draw(
    visit: Visit,
    it: Definition,
    verb: str,
    first: list[Field],
    rest: list[Field],
    raw: Raw,
    *,
    row: dict[str, Any] | None = None,
    was: Raw | None = None,
    problem: Problem | None = None,
    candidates: dict[str, list[dict[str, str]]] | None = None,
    theirs: dict[str, Any] | None = None,
    news: Mapping[str, Told] | None = None,
    version: UUID | None = None,
    action: Action | None = None,
    hidden: Sequence[tuple[str, str]] = (),
    heading: Text | None = None,
    target: str = "",
    back: str = "",
) -> HttpResponse:
    """The page of a form. `hidden`: what it carries along; `target`: where it is sent, if not to its own address; `back`:
    where leaving it leads, if not to the record."""
    errors: dict[str, str] = {}
    for error in problem.errors if problem is not None else ():
        errors.setdefault(error.field, error.message.for_(visit.look.lang))
    beside = companions(visit, it) if verb == "create" and action is None and not target else []
    shown = {one.name for one in (*first, *rest, *beside)}
    label = action.label if action is not None else words.VERBS[verb]
    return visit.page(
        "pages/form.html",
        problem.status if problem is not None else 200,
        current=it,
        it=it,
        verb=verb,
        label=heading or label,
        save=label,
        carried=hidden,
        target=target,
        action=action,
        danger=action.danger if action is not None else verb == "delete",
        parts=sections(it, first) if verb in ("create", "update") else [(None, first)],
        more=sections(it, rest),
        beside=[(visit.catalog.object(beside[0].name.partition(".")[0]).label, beside)] if beside else [],
        first=first,
        rest=rest,
        brief=verb == "create" and bool((form := it.view(Form)) is not None and form.short),
        draft=f"{visit.request.path}@{version or (row['version'] if row is not None else '')}" if verb in ("create", "update") and it.group != "settings" and not shell.may_be_sent_later(it) else "",
        open_rest=any(one.name in errors or visit.get.get(one.name) for one in rest),
        raw=raw,
        was=was,
        row=row,
        version=version or (row["version"] if row is not None else ""),
        problem=problem,
        errors=errors,
        confirm=duplicates.asks(problem),
        compared=duplicates.compared(visit, it) if verb in ("create", "update") else [],
        elsewhere=[text for name, text in errors.items() if name not in shown],
        candidates=candidates or {},
        theirs=theirs or {},
        news=news or {},
        offline=verb == "create" and shell.may_be_sent_later(it),
        lists=_lists(visit, it, [*first, *rest], row),
        hint=hint(visit, it, verb, [row["id"]]) if row is not None else "",
        title=label,
        back=back or (_next(visit) or visit.look.to(it.name, row["id"]) if row is not None else visit.look.to(it.name)),
    )


def _next(visit: Visit) -> str:
    """The page of ours that asked for the form and wants to go on, or nothing."""
    to = visit.get.get("next", "")
    return safe_next(to) if to else ""


def _lists(visit: Visit, it: Definition, fields: list[Field], row: dict[str, Any] | None) -> dict[str, Any]:
    """The plain lists of links to few records; one read per object linked to, not per field."""
    read: dict[str, Any] = {}
    out: dict[str, Any] = {}
    for one in fields:
        if isinstance(one, Link | Links):
            key = one.target if one.kind != "stage" else f"{one.target}.{one.name}"
            if key not in read:
                read[key] = linking.short_list(visit, it, one, row)
            out[one.name] = read[key]
    return out


# -- verbs -----------------------------------------------------------------------------------------------------------


@page
def verb(visit: Visit, plural: str, id: str, verb: str) -> HttpResponse:
    """The page of a verb: its fields and inputs, then the deed."""
    it = visit.object(plural)
    if verb not in it.verbs or verb in ("create", "update"):
        raise NotFound()
    if not visit.may(it, verb):
        raise Forbidden()
    action = it.verbs[verb]
    written, inputs = asks(visit, it, verb, action)
    row, _ = fetch(visit, it, id, [one.name for one in written])
    fields = [*written, *inputs]
    if not visit.posted:
        if not any(offer.verb == verb for offer in actions(visit, it, _whole(visit, it, id))):
            raise Forbidden(T("这条记录现在不能做这个操作。", "This cannot be done to the record now."))
        raw = of_row(written, row, visit)
        raw.fill(defaults([one for one in inputs if one.default is not None], visit))
        raw.fill(prefill(fields, visit))
        return draw(visit, it, verb, fields, [], raw, row=row, was=raw, action=action)
    raw = Raw.of(visit.post)
    read = read_all(fields, raw, visit, everything=True)
    undecided = meanwhile.decided(read.values, raw)
    for one in inputs:
        if one.default is not None and not callable(one.default) and not signature(one, raw):
            read.values.setdefault(one.name, None)
    names = {one.name for one in inputs}
    version = parse_id(visit.post.get("version", ""))
    try:
        read.check()
        if undecided:
            raise meanwhile.undecided(undecided)
        result = door.perform(
            it.name,
            verb,
            actor=visit.actor,
            id=row["id"],
            changes={n: v for n, v in read.values.items() if n not in names},
            inputs={n: v for n, v in read.values.items() if n in names},
            version=version if verb not in ("delete", "restore") else None,
        )
    except (Invalid, Conflict, Forbidden) as problem:
        if problem.status == 412 or undecided:  # what others wrote stands beside what is about to be written
            now = of_row(written, row, visit)
            theirs = {one.name: row.get(one.name) for one in written if one.name in undecided or one.name in meanwhile.clashes([one], raw, now)}
            beside = Raw({**raw.texts, **{key: values for key, values in now.texts.items() if key.startswith("was.")}})
            news = meanwhile.since(visit, it, row, version)
            return draw(visit, it, verb, fields, [], beside, row=row, was=beside, problem=problem, candidates=read.candidates, action=action, theirs=theirs, news=news)
        return draw(visit, it, verb, fields, [], raw, row=row, was=raw, problem=problem, candidates=read.candidates, action=action)
    shown = _answers(visit, it, result)
    if shown:
        return visit.page("pages/answer.html", current=it, it=it, row=row, label=action.label if action else it.label, answers=shown, title=it.label)
    back = _next(visit) or (visit.look.to(it.name) if verb == "delete" else _after(visit, it, row["id"]))
    _told(visit, it, verb, result, back)
    return redirect(back)


def asks(visit: Visit, it: Definition, verb: str, action: Action | None) -> tuple[list[Field], list[Field]]:
    """The record's fields a verb may write, and its own inputs."""
    if action is not None:
        written = [it.fields[n].bound(required=True) if n in action.needs else it.fields[n] for n in action.form if visit.guard.level(it, n) == "write"]
        return written, list(action.inputs)
    if verb == "assign":
        return [it.fields["owner"]], handing.inputs(visit.catalog, it)
    return [], [*INPUTS.get(verb, ()), *(handing.sharing(visit.catalog, it) if verb in INPUTS else ())]


def _whole(visit: Visit, it: Definition, id: str) -> dict[str, Any]:
    from guanxi.surfaces.web.record import asked_paths

    return fetch(visit, it, id, asked_paths(visit, it))[0]


def _after(visit: Visit, it: Definition, record: UUID) -> str:
    """Back to the record, or to its list when the deed took it out of the actor's sight."""
    try:
        fetch(visit, it, str(record), [])
    except NotFound:
        return visit.look.to(it.name)
    return visit.look.to(it.name, record)


def _told(visit: Visit, it: Definition, verb: str, result: door.Result, back: str = "") -> None:
    action = it.verbs.get(verb)
    label = action.label if isinstance(action, Action) else words.VERBS[verb]
    if not result.changed and verb == "create":
        visit.say(T(f"{it.label.zh}之前已经保存，以那次的内容为准。", f"{it.label.en} was saved before; what was saved then stands."), "note", visit.look.to(it.name, result.id), it.label)
    elif not result.changed:
        visit.say(T("没有改动，无需保存。", "Nothing was changed."), "note")
    elif verb == "delete":
        visit.say(T(f"{it.label.zh}已删除。", f"{it.label.en} deleted."), "done", visit.look.to(it.name, result.id, "restore"), T("撤销", "Undo"))
    elif verb == "assign":
        visit.say(T(f"{label.zh}：已完成。", f"{label.en}: done."), "done", turning.address(result.version, back), T("撤销", "Undo"))
    else:
        link, text = _made(visit, result)
        visit.say(T(f"{label.zh}：已完成。", f"{label.en}: done."), "done", link, text)
    for field, message in result.warnings:
        one = it.fields.get(field)
        visit.say(T(f"{one.label.zh}：{message.zh}", f"{one.label.en}: {message.en}") if one is not None else message, "warning")


def _answers(visit: Visit, it: Definition, result: door.Result) -> list[tuple[str, str]]:
    """Texts an action answers with, such as a first password: on the page that follows and nowhere else."""
    out = []
    for name, value in (result.output or {}).items():
        if isinstance(value, str) and parse_id(value) is None:
            one = it.fields.get(name)
            label = one.label if one is not None else words.ANSWERS.get(name) or T(name, name)
            out.append((label.for_(visit.look.lang), value))
    return out


def _made(visit: Visit, result: door.Result) -> tuple[str, Text | None]:
    """A record the action made on the way, when its answer names one."""
    for name, value in (result.output or {}).items():
        it = visit.catalog.find(name)
        found = value if isinstance(value, UUID) else parse_id(value) if isinstance(value, str) else None
        if it is not None and found is not None and visit.may(it, "read"):
            return visit.look.to(it.name, found), it.label
    return "", None



