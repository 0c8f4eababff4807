"""The command line: which commands there are, and what a failure looks like.

Kernel and Django are imported inside the commands that need them: help, errors and a second start stay quick.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from guanxi.base.errors import Problem
from guanxi.base.text import Text
from guanxi.surfaces.cli import administering, developing
from guanxi.surfaces.cli.home import Home, disk_full
from guanxi.surfaces.cli.serving import Stopped, serve, stop_on_signals, work
from guanxi.surfaces.cli.speech import Trouble, said

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. Every failure ends as one paragraph that says what to do."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese shows ? instead of failing
    stop_on_signals()
    try:
        options = parser(arguments).parse_args(arguments)
        return int(options.run(options))
    except Trouble as trouble:
        return failed(said(trouble.text))
    except (Stopped, KeyboardInterrupt):
        return 130
    except Problem as problem:
        fields = [error.message for error in problem.errors]
        return failed("\n".join(said(text) for text in (problem.detail, *fields)))
    except Exception as problem:
        return unexpected(problem)


def failed(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def unexpected(problem: Exception) -> int:
    """One paragraph for the reader; the traceback goes to the log."""
    home = Home.from_environment()
    written = False
    try:
        home.log.mkdir(parents=True, exist_ok=True)
        with home.log_file.open("a") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv[1:2])}\n")
            traceback.print_exception(problem, file=file)
        written = True
    except OSError:
        traceback.print_exception(problem)
    where = Text(f"详情见 {home.log_file}", f"Details: {home.log_file}") if written else Text("", "")
    if is_disk_full(problem):
        return failed(said(disk_full(home.folder).text))
    first_line = str(problem).strip().split("\n", 1)[0]
    if type(problem).__name__ == "OperationalError":  # Django's or psycopg's
        server = "DATABASE_URL" if os.environ.get("DATABASE_URL") else str(home.folder)
        text = Text(
            f"数据库连接失败 ({server}): {first_line}\n请确认数据库在运行、地址和密码正确，然后重试。{where.zh}",
            f"The database cannot be used ({server}): {first_line}\n"
            f"Check that it runs and that address and password are right, then try again. {where.en}",
        )
    else:
        kind = type(problem).__name__
        text = Text(
            f"出错了: {kind}: {first_line}\n{where.zh}", f"Something went wrong: {kind}: {first_line}\n{where.en}"
        )
    return failed(said(text))


def is_disk_full(problem: BaseException | None) -> bool:
    while problem is not None:
        if getattr(problem, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or type(problem).__name__ == "DiskFull":
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="guanxi",
        description=said(Text("关系：开源客户关系管理系统。", "Guanxi, an open-source CRM.")),
        epilog=said(Text("设置与说明见 docs/running.md。", "Settings and more: docs/running.md.")),
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(name: str, run: Command, zh: str, en: str) -> argparse.ArgumentParser:
        text = said(Text(zh, en))
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    web = command("serve", serve, "启动系统，浏览器访问", "start it and open it in the browser")
    web.add_argument("--demo", action="store_true", help=said(Text("载入示例公司", "load a sample company")))
    host, port = os.environ.get("GUANXI_HOST", "127.0.0.1"), os.environ.get("GUANXI_PORT", "8000")
    web.add_argument("--host", default=host, help=f"GUANXI_HOST, {host}")
    web.add_argument("--port", default=port, type=port_number, help=f"GUANXI_PORT, {port}")

    jobs = command("worker", work, "只运行后台任务", "run background jobs only")
    jobs.add_argument("--concurrency", type=int, default=4, metavar="N")

    token = command("token", administering.token, "为用户签发 API 令牌", "issue an API token for a user")
    token.add_argument("user", metavar="USER")
    token.add_argument("--label", default="cli")
    token.add_argument("--days", type=int, metavar="N", help=said(Text("有效天数，默认为公司规定的最长天数", "days it lasts; as many as the company allows by default")))

    user = command("createuser", administering.create_user, "新建用户", "make a user")
    user.add_argument("username", metavar="USERNAME")
    user.add_argument("--name", help=said(Text("姓名", "full name")))
    user.add_argument("--role", action="append", default=[], help=said(Text("可多次使用", "may be repeated")))
    user.add_argument("--password", help=said(Text("不写则随机生成并打印", "made and printed when left out")))

    files = command("import", administering.import_file, "导入 Excel、CSV 等文件", "import Excel, CSV and other files")
    if "import" in arguments[:1]:
        from guanxi.surfaces.imports import command as importing

        importing.add_arguments(files)

    demo = command("demo", administering.demo, "示例公司: 添加或移除", "the sample company: add it or take it out")
    demo.add_argument("--remove", action="store_true", help=said(Text("移除示例数据", "take the sample data out")))

    copy = command("backup", administering.back_up, "备份数据库和文件，可在使用中进行", "back up database and files, while people work")
    copy.add_argument("folder", nargs="?", metavar="FOLDER", help=said(Text("默认 GUANXI_BACKUPS 或数据目录下的 backups", "GUANXI_BACKUPS or backups in the data folder when left out")))
    back = command("restore", administering.restore, "把备份恢复到空的数据目录", "restore a backup into an empty data folder")
    back.add_argument("backup", metavar="BACKUP")
    back.add_argument("--replace", action="store_true", help=said(Text("已有数据改名保留", "keep what is there under another name")))
    back.add_argument("--erased", metavar="FILE", help=said(Text("另一处的删除登记 (erased.log)，其中的内容再次删除", "a register of erasures (erased.log) kept elsewhere: what it tells is erased again")))
    proof = command("verify", administering.verify, "核对日志有没有被改动；给出备份则试恢复并逐行核对", "prove that journal and log were not edited, or prove a backup by restoring it elsewhere")
    proof.add_argument("backup", nargs="?", metavar="BACKUP")
    newer = command("upgrade", administering.upgrade, "把数据升级到本版本（每次启动也会做）", "bring the data to this version, as each start does")
    newer.add_argument("--check", action="store_true", help=said(Text("只检查，不改动", "only say what it would meet")))
    command("doctor", administering.doctor, "检查运行环境", "check that everything is in order")
    command("check", developing.check, "代码检查: 格式、类型、结构", "check the code: style, types, structure")
    passing_on("test", command("test", developing.test, "运行测试 (pytest 参数)", "run the tests (pytest's arguments)"))
    passing_on("bench", command("bench", developing.bench, "测量性能", "measure speed"))
    passing_on("manage", command("manage", developing.manage, "Django 管理命令", "Django's management commands"))
    migrations = command("makemigrations", developing.manage, "为改动生成迁移", "write migrations for changes")
    passing_on("makemigrations", migrations)
    return root


def passing_on(name: str, to: argparse.ArgumentParser) -> None:
    """Everything after the command's name goes to the tool behind it, options included."""
    to.add_argument("rest", nargs=argparse.REMAINDER, metavar="…")
    to.prefix_chars = "\0"  # else argparse takes `-k` or `--help` for options of its own


def port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("0 – 65535")
    return number
