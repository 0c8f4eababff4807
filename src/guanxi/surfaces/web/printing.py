"""A dashboard or a record as a PDF file: what its page shows, for those who may print it; who took it out is logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse

from guanxi.base.clock import relative_label
from guanxi.base.errors import Forbidden, NotFound
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.declare.fields import DateTime
from guanxi.kernel.declare.objects import Box, Definition, List, Record
from guanxi.kernel.records import auditing, reading
from guanxi.surfaces.pdf import paper
from guanxi.surfaces.pdf.charts import Chart, Group
from guanxi.surfaces.pdf.paper import Card, Document, Facts, Figure, Grid, Heading, Notes, Ranking, Words
from guanxi.surfaces.web import amounts, around, boxes, dashboards
from guanxi.surfaces.web.around import Related, see
from guanxi.surfaces.web.drawing import Picture
from guanxi.surfaces.web.filters import Column
from guanxi.surfaces.web.record import fetch, grouped
from guanxi.surfaces.web.rows import numeric
from guanxi.surfaces.web.visit import Visit, page

MOST = 100
"""So many records of a related list; more are counted."""
CROWDED = 36
"""More groups than that are a table, because a card has to fit on a page."""
WIDE = {"small": 3, "medium": 6, "large": 12, "full": 12}


def _answer(visit: Visit, title: str, under: Sequence[str], body: Sequence[Any]) -> HttpResponse:
    t, now = visit.look.t, visit.look.exact(datetime.now(UTC))[:16]
    document = Document(
        title, tuple(one for one in under if one), t(f"{visit.actor.name} 于 {now} 打印", f"Printed by {visit.actor.name}, {now}"), t("第 {n} 页，共 {of} 页", "Page {n} of {of}"),
        tuple(body), visit.actor.name,
    )  # fmt: skip
    return HttpResponse(
        paper.make(document),
        content_type="application/pdf",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(title[:80], safe='')}.pdf", "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )


# -- a dashboard ---------------------------------------------------------------------------------------------------------


@page
def dashboard(visit: Visit, key: str) -> HttpResponse:
    """A dashboard under its filters. Raises NotFound where nothing of it may be printed."""
    shown = dashboards.find(visit, key)
    bar = dashboards.filters(visit, shown.dashboard)
    pictures = dashboards.draw(visit, shown.dashboard, bar.frame)
    if not any(dashboards.may(visit, one.drawn, "print") for one in pictures):
        raise NotFound()
    said = [visit.look.say(one.widget.title) for one in pictures if dashboards.may(visit, one.drawn, "print")]
    auditing.exported(visit.actor, "dashboard", len(said), visit.request.get_full_path(), said)
    return figures(visit, visit.look.say(shown.dashboard.label), [_filter(visit, bar)], pictures)


def figures(visit: Visit, title: str, under: Sequence[str], pictures: Sequence[Picture]) -> HttpResponse:
    """Some figures on paper, with what they are narrowed to."""
    return _answer(visit, title, under, _pictures(visit, pictures))


def _filter(visit: Visit, bar: dashboards.Bar) -> str:
    """What the page is narrowed to, in words."""
    t = visit.look.t
    named = t("全部时间", "All time") if bar.period == dashboards.ALL else "" if bar.period == dashboards.CUSTOM else visit.look.say(relative_label(bar.period))
    kind, _, id = bar.who.partition(":")
    people = next((one["name"] for one in (bar.departments if kind == "d" else bar.people) if str(one["id"]) == id), "")
    days = f"{bar.first} – {bar.last}" if bar.first else ""
    about = bar.about["label"] if bar.about else ""
    compared = t("与上期比较", "compared with the period before") if bar.frame.compare and bar.first else ""
    return " · ".join(one for one in (named, days, people or t("所有人", "Everybody"), about, compared) if one)


def _pictures(visit: Visit, pictures: Sequence[Picture]) -> list[Any]:
    out: list[Any] = []
    cards: list[Card] = []

    def flow(*some: Any) -> None:
        if cards:
            out.append(tuple(cards))
            cards.clear()
        out.extend(some)

    for one in pictures:
        title = visit.look.say(one.widget.title) or (visit.look.many(one.drawn.object) if one.drawn is not None and one.drawn.object is not None else "")
        if one.problem is None and one.drawn is not None and not dashboards.may(visit, one.drawn, "print"):
            cards.append(Card(title, Words(visit.look.t("您没有打印这些数据的权限。", "You may not print this.")), 6))
        elif one.columns and one.drawn is not None and one.drawn.rows is not None and one.drawn.rows.rows:
            flow(Heading(title), _rows(visit, one.columns, one.drawn.rows.rows))
        else:
            body = _card(visit, one)
            if body is None:
                flow(Heading(title), _figures(one))
            elif isinstance(body, Chart) and not body.told:
                flow((Card(title, body, 12),), _figures(one))
            else:
                wide = WIDE[one.widget.size]
                cards.append(Card(title, body, wide if isinstance(body, Figure | Words) else max(6, wide)))
    flow()
    return out


def _card(visit: Visit, one: Picture) -> Figure | Ranking | Chart | Words | None:
    """What stands in a card; None for a table, which may be longer than a page."""
    say, t, kind = visit.look.say, visit.look.t, one.widget.kind
    if one.problem is not None or one.total is None:
        return Words(say(one.problem) or t("没有数据", "Nothing here"))
    if kind in ("number", "target"):
        beside = [f"{say(one.change.words)} · {t('上期', 'was')} {one.before.text}"] if one.change is not None and one.before is not None else []
        beside += [f"{label} {cell.text}" for label, cell in one.also]
        if kind == "number":
            return Figure(one.total.text, tuple(beside))
        whole = one.widget.target
        done = round(float(one.total.raw or 0) * 100 / whole) if whole else 0
        tone = "low" if done < 60 else "near" if done < 100 else "full"
        return Figure(f"{one.total.text} / {one.sign}{whole:,.0f}{one.unit}", tuple(beside), done, tone)
    if one.blank or one.columns:
        return Words(t("没有记录", "Nothing here") if one.columns else t("这段时间没有数据", "Nothing in this period"))
    if kind == "ranking" and len(one.rows) <= CROWDED:
        return Ranking(tuple((row.label, row.cells[0].text, row.part, "  ".join(f"{head} {cell.text}" for head, cell in zip(one.heads[2:], row.cells[1:], strict=False))) for row in one.rows))
    if not one.chart or len(one.rows) > CROWDED:
        return None
    groups = tuple(
        Group(row.label, tuple(float(cell.raw) if cell.raw is not None else None for cell in row.cells[: one.series]), row.cells[0].text, row.cells[1].text if kind == "funnel" else "")
        for row in one.rows
    )
    lang, sign, unit = visit.look.lang, one.sign, one.unit
    return Chart(kind, tuple(one.heads[1 : 1 + one.series]), groups, lambda value: sign + amounts.shortly(value, lang) + unit, dated=one.rows[0].label[:1].isdigit())


def _figures(one: Picture) -> Grid:
    rows = tuple((row.label, *(cell.full or cell.text for cell in row.cells)) for row in one.rows)
    return Grid(tuple(one.heads), rows, frozenset(range(1, len(one.heads))))


def _rows(visit: Visit, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> Grid:
    heads = tuple(visit.look.say(c.field.label) for c in columns)
    return Grid(heads, tuple(tuple(_said(visit, c, row) for c in columns) for row in rows), frozenset(at for at, c in enumerate(columns) if numeric(c.field)))


def _said(visit: Visit, column: Column, row: dict[str, Any]) -> str:
    value = row.get(column.path)
    return visit.look.show(column.field, value) if value not in (None, "", []) else ""


# -- a record ------------------------------------------------------------------------------------------------------------


@page
def record(visit: Visit, plural: str, id: str) -> HttpResponse:
    """A record: its properties in groups, what was written about it, and what is linked to it, as far as the actor may print it."""
    it = visit.object(plural)
    if not visit.may(it, "print"):
        raise Forbidden()
    view: Record = it.view(Record) or Record()
    groups, highlights = grouped(visit, it, view), see(visit, it, view.highlights)
    paths = [*(c.path for _, group in groups for c in group), *(c.path for c in highlights)]
    row, _ = fetch(visit, it, id, paths, opened=True)
    body: list[Any] = [_facts(visit, highlights, row, every=True)] if highlights else []
    for label, group in groups:
        facts = _facts(visit, group, row)
        body += [Heading(visit.look.say(label)), facts] if facts.pairs else []
    for tab in around.related(visit, it, view, row, [])[0]:
        if tab.count and visit.may(tab.it, "print"):
            body += _related(visit, it, tab, row)
    auditing.exported(visit.actor, it.name, 1, f"id = {row['id']}", paths)
    name = visit.look.show(it.fields[it.title], row.get(it.title)) or visit.look.nameless
    return _answer(visit, name, [visit.look.say(it.label)], body)


def _facts(visit: Visit, columns: Sequence[Column], row: dict[str, Any], *, every: bool = False) -> Facts:
    said = ((visit.look.say(c.field.label), _said(visit, c, row)) for c in columns)
    return Facts(tuple((label, value or "—") for label, value in said if value or every))


def _related(visit: Visit, it: Definition, tab: Related, row: dict[str, Any]) -> list[Any]:
    """A list of what links to the record, or what was written about it with its words."""
    child, link = tab.it, tab.link
    written = next((box for one, by, box in boxes.declared(visit, it) if one is child and by is link), None)
    view: List = child.view(List) or List(columns=(child.title,))
    moment = view.sort[0].lstrip("-") if view.sort and isinstance(child.fields.get(view.sort[0].lstrip("-")), DateTime) else "created_at"
    paths = [moment, "created_by", written.kind, written.text, written.due] if written is not None else [path for path in view.columns if path != link.name]
    columns = see(visit, child, [path for path in paths if path])
    if not columns:
        return []
    sort = [f"-{moment}"] if written is not None and columns[0].path == moment else None
    found = reading.query(child.name, actor=visit.actor, where=Test(link.name, "=", row["id"]), fields=[c.path for c in columns], sort=sort, limit=MOST).rows
    out: list[Any] = [Heading(f"{visit.look.say(tab.label)} ({tab.tally})")]
    out.append(_notes(visit, written, moment, columns, found) if written is not None else _rows(visit, columns, found))
    if tab.more or tab.count > len(found):
        out.append(Words(visit.look.t(f"只列出前 {len(found)} 条。", f"The first {len(found)}.")))
    return out


def _notes(visit: Visit, box: Box, moment: str, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> Notes:
    by = {c.path: c for c in columns}

    def said(path: str, row: dict[str, Any]) -> str:
        return _said(visit, by[path], row) if path in by else ""

    items = []
    for row in rows:
        due = said(box.due, row)
        head = "  ".join(one for one in (said(moment, row), said("created_by", row), said(box.kind, row)) if one)
        items.append((head, said(box.text, row) + (f"\n{visit.look.say(by[box.due].field.label)}{visit.look.t('：', ': ')}{due}" if due else "")))
    return Notes(tuple(items))
