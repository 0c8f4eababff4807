"""`./guanxi import`: a file into the database from the command line, at once and in the foreground."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.text import T, Text
from guanxi.surfaces.cli.speech import Trouble, said, tell
from guanxi.surfaces.imports import mapping as mappings
from guanxi.surfaces.imports.mapping import FileMapping

if TYPE_CHECKING:
    from guanxi.kernel.access.actor import Actor

SOME_REFUSED = 3
ACTOR_VIA = "cli"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command; nothing heavy is imported for them."""

    def words(zh: str, en: str) -> str:
        return said(Text(zh, en))

    parser.add_argument("file", metavar="FILE", nargs="?", default="", help=words("要导入的文件", "the file"))
    parser.add_argument(
        "object",
        metavar="OBJECT",
        nargs="?",
        default="",
        help=words("对象，如 customer", "what it holds, such as customer"),
    )
    parser.add_argument(
        "--mapping", metavar="JSON", help=words("映射文件，见 docs/importing.md", "a mapping, see docs/importing.md")
    )
    parser.add_argument(
        "--as",
        dest="user",
        metavar="USER",
        help=words("以谁的身份，默认管理员", "whose rights; the administrator's by default"),
    )
    parser.add_argument(
        "--match",
        action="append",
        default=[],
        metavar="FIELD",
        help=words("按哪些字段判断重复", "fields that tell the same record"),
    )
    parser.add_argument(
        "--on-match", choices=mappings.ON_MATCH, help=words("遇到已有记录时", "what to do with a record that exists")
    )
    parser.add_argument("--dry-run", action="store_true", help=words("只预演，不写入", "only say what would happen"))
    parser.add_argument("--errors", metavar="FILE", help=words("被拒绝的行写到哪里", "where refused rows go"))
    parser.add_argument(
        "--date-order",
        choices=("ymd", "mdy", "dmy"),
        help=words("日期中年月日的次序", "the order of day, month and year"),
    )
    parser.add_argument("--encoding", help=words("默认自动识别", "found out when left out"))
    parser.add_argument("--delimiter", help=words("默认自动识别", "found out when left out"))
    parser.add_argument("--sheet", help=words("工作表名", "name of the sheet"))
    parser.add_argument(
        "--header-row", type=int, metavar="N", help=words("标题行号，0 表示没有", "row of the header, 0 for none")
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help=words("指定一列，字段留空则不导入", "where a column goes; nowhere when FIELD is empty"),
    )
    parser.add_argument(
        "--undo", metavar="IMPORT", help=words("撤销一次导入，写它的编号", "take an import back, named by its id")
    )
    parser.add_argument(
        "--value", action="append", default=[], metavar="COLUMN:OLD=NEW", help=words("替换一个值", "replace a value")
    )


def run(options: argparse.Namespace) -> int:
    """Import, and tell what became of it. 0: every row is in; 3: some were refused, into the error file; 1: failure."""
    from guanxi.surfaces.imports import engine, planning
    from guanxi.surfaces.imports.reading.table import open_table

    if options.undo:
        return _undo(options)
    if not options.file:
        raise Trouble("请写明要导入的文件。", "Name the file to import.")
    path = Path(options.file)
    try:
        given = _given(options)
        actor = _actor(options)
        errors = Path(options.errors) if options.errors else path.with_name(f"{path.name}.errors.csv")
        with open_table(
            path, encoding=given.encoding, delimiter=given.delimiter, sheet=given.sheet, header_row=given.header_row
        ) as table:
            name = options.object or given.object
            if not name:
                raise Invalid.field(
                    "object",
                    "required",
                    "请写明要导入的对象，如 customer。",
                    "Say what the file holds, such as customer.",
                )
            planned = planning.plan(actor, table, name, given)
            _tell_plan(table, planned)
            bar = _Bar()
            report = engine.run(actor, table, name, given, dry_run=options.dry_run, errors=errors, progress=bar.show)
            bar.end()
    except FileNotFoundError:
        raise Trouble(f"找不到文件 {path}。", f"There is no file {path}.") from None
    except (IsADirectoryError, PermissionError) as problem:
        raise Trouble(f"无法读取 {path}: {problem.strerror}", f"{path} cannot be read: {problem.strerror}") from None
    except Problem as problem:
        _tell_problem(problem)
        return 1
    _summary(report, planned, errors, sys.stdout)
    return SOME_REFUSED if report.rejected else 0


def _actor(options: argparse.Namespace) -> Actor:
    """Who imports. Raises NotFound where there is nobody yet."""
    from guanxi.kernel import lookup
    from guanxi.kernel.records import people
    from guanxi.surfaces.cli.speech import language

    username = options.user or lookup.administrator()
    if username is None:
        raise NotFound(
            T("还没有管理员，请先运行 ./guanxi serve。", "There is no administrator yet; run ./guanxi serve first.")
        )
    return people.by_username(username, via=ACTOR_VIA, language="en" if language() == "en" else "zh-CN")


def _undo(options: argparse.Namespace) -> int:
    """Take an import back and tell what became of it. 0: all of it; 3: some records stay as they are; 1: failure."""
    from guanxi.base.ids import parse_id
    from guanxi.surfaces.imports import undoing

    import_id = parse_id(options.undo)
    if import_id is None:
        raise Trouble(f"{options.undo} 不是导入编号。", f"{options.undo} is no import's id.")
    bar = _Bar()
    try:
        report = undoing.undo(_actor(options), import_id, progress=bar.show)
    except Problem as problem:
        _tell_problem(problem)
        return 1
    bar.end()
    if not (report.deleted or report.reverted or report.kept):
        tell("没有找到您的这次导入。", "There is no such import of yours.")
        return 1
    line = Text(
        f"移入回收站 {report.deleted:,}，恢复原值 {report.reverted:,}，保留 {report.kept:,}。",
        f"{report.deleted:,} in the bin, {report.reverted:,} with their former values, {report.kept:,} left as they are.",
    )
    sys.stdout.write(said(line) + "\n")
    for reason, count in report.reasons.most_common(10):
        sys.stdout.write(said(Text(f"  {count:,} × {reason.zh}", f"  {count:,} × {reason.en}")) + "\n")
    return SOME_REFUSED if report.kept else 0


def _given(options: argparse.Namespace) -> FileMapping:
    """The mapping file with the command's options laid over it."""
    raw: Mapping[str, Any] | None = None
    if options.mapping:
        try:
            raw = json.loads(Path(options.mapping).read_text("utf-8-sig"))
        except OSError as problem:
            raise Trouble(
                f"无法读取 {options.mapping}: {problem.strerror}",
                f"{options.mapping} cannot be read: {problem.strerror}",
            ) from None
        except ValueError as problem:
            raise Trouble(
                f"{options.mapping} 不是有效的 JSON: {problem}", f"{options.mapping} is not valid JSON: {problem}"
            ) from None
    given = mappings.parse(raw)
    columns = dict(given.columns)
    for text in options.column:
        column, equals, field = text.rpartition("=")
        if not equals:
            raise Trouble(f"--column {text} 应写成 列名=字段。", f"--column {text} should read COLUMN=FIELD.")
        columns |= mappings.parse({"columns": {column: field.strip() or None}}).columns
    values = {name: dict(table) for name, table in given.values.items()}
    for text in options.value:
        column, colon, rest = text.partition(":")
        old, equals, new = rest.partition("=")
        if not colon or not equals:
            raise Trouble(f"--value {text} 应写成 列名:原值=新值。", f"--value {text} should read COLUMN:OLD=NEW.")
        values.setdefault(column, {})[old] = new or None
    match = tuple(field.strip() for listed in options.match for field in listed.split(",") if field.strip())
    return replace(
        given,
        columns=columns,
        values=values,
        match=match or given.match,
        on_match=options.on_match or given.on_match,
        date_order=options.date_order or given.date_order,
        encoding=options.encoding or given.encoding,
        delimiter={"\\t": "\t", "tab": "\t"}.get(options.delimiter or "", options.delimiter) or given.delimiter,
        sheet=options.sheet or given.sheet,
        header_row=given.header_row if options.header_row is None else options.header_row,
    )


def _tell_plan(table: Any, planned: Any) -> None:
    found = [table.format, table.encoding or "", repr(table.delimiter) if table.delimiter else "", table.sheet or ""]
    about = ", ".join(one for one in found if one)
    tell(f"文件: {about}；标题行: {table.header_row}", f"File: {about}; header row: {table.header_row}")
    for text in table.warnings:
        tell(text.zh, text.en)
    pairs = [f"{column.name} → {column.field.label.zh} ({column.field.name})" for column in planned.columns]
    pairs_en = [f"{column.name} → {column.field.label.en} ({column.field.name})" for column in planned.columns]
    tell("对应: " + "；".join(pairs), "Columns: " + "; ".join(pairs_en))
    if planned.unmapped:
        names = ", ".join(planned.unmapped)
        tell(f"未导入的列: {names}", f"Columns left out: {names}")


class _Bar:
    """How far it is, on one line of a terminal, or every 20,000 rows elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._last = 0

    def show(self, rows: int) -> None:
        speed = rows / max(time.monotonic() - self._started, 0.001)
        line = said(Text(f"  {rows:,} 行 ({speed:,.0f} 行/秒)", f"  {rows:,} rows ({speed:,.0f} a second)"))
        if self._terminal:
            sys.stderr.write(f"\r{line}")
            sys.stderr.flush()
        elif rows - self._last >= 20_000:
            self._last = rows
            sys.stderr.write(f"{line}\n")

    def end(self) -> None:
        if self._terminal:
            sys.stderr.write("\n")


def _tell_problem(problem: Problem) -> None:
    for text in (problem.detail, *(error.message for error in problem.errors)):
        tell(text.zh, text.en)


def _summary(report: Any, planned: Any, errors: Path, out: TextIO) -> None:
    def line(zh: str, en: str) -> None:
        out.write(said(Text(zh, en)) + "\n")

    label = planned.it.label
    if report.dry_run:
        line("预演，没有写入任何数据。", "A dry run: nothing was written.")
    line(
        f"{label.zh}: 共 {report.rows:,} 行，新增 {report.created:,}，更新 {report.updated:,}，无变化 {report.same:,}，"
        f"跳过 {report.skipped:,}，拒绝 {report.rejected:,}；空行 {report.blank:,}。用时 {report.seconds:.1f} 秒。",
        f"{label.en}: {report.rows:,} rows, {report.created:,} new, {report.updated:,} changed, {report.same:,} the same, "
        f"{report.skipped:,} skipped, {report.rejected:,} refused; {report.blank:,} blank. {report.seconds:.1f} s.",
    )
    for name, count in report.without.items():
        field = planned.it.fields[name].label
        line(f"其中 {count:,} 行没有{field.zh}。", f"{count:,} of them have no {field.en}.")
    for counter, zh, en in ((report.reasons, "拒绝原因", "Refused because"), (report.warnings, "提醒", "Worth a look")):
        if counter:
            line(f"{zh}:", f"{en}:")
        for (_, text_zh, text_en), count in counter.most_common(10):
            line(f"  {count:,} × {text_zh}", f"  {count:,} × {text_en}")
    for one in report.differences[:20]:
        for name, (before, after) in one["changes"].items():
            field = planned.it.fields[name].label
            line(
                f"  第 {one['row']} 行 {field.zh}: {before or '空'} → {after or '空'}",
                f"  row {one['row']} {field.en}: {before or 'empty'} → {after or 'empty'}",
            )
    if report.unmapped:
        names = ", ".join(report.unmapped)
        line(f"未导入的列: {names}", f"Columns left out: {names}")
    if report.rejected:
        line(
            f"被拒绝的行在 {errors}，改好后可再次导入。",
            f"The refused rows are in {errors}; correct them and import that file.",
        )
    if not report.dry_run:
        line(f"导入编号 {report.id}", f"Import {report.id}")
