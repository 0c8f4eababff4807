"""What can go wrong, as problem documents (RFC 9457) that name the remedy in both languages.

Code raises a `Problem`; each surface turns it into its own form: the API into `application/problem+json`, a page into
a message beside the field, the command line into one line. `code` is a promise to programs and never changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from guanxi.base.text import DEFAULT_LANGUAGE, T, Text


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault. `field` is the field's name, dotted across links; `code` is stable kebab-case."""

    field: str
    code: str
    message: Text

    def to_dict(self, lang: str = DEFAULT_LANGUAGE) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message.for_(lang)}


class Problem(Exception):
    """An answer other than the one hoped for. Subclasses set the defaults; any of them can be given per raise."""

    status: int = 500
    code: str = "internal"
    title: Text = T("出错了", "Something went wrong")
    detail: Text = T(
        "程序没能完成这个操作，数据没有改变。请重试；仍不行请把请求编号告诉管理员。",
        "The operation could not be completed and nothing was changed. Try again; "
        "if it keeps failing, give the request id to your administrator.",
    )
    retry_after: int | None = None
    """Seconds to wait before trying again (HTTP Retry-After), where waiting helps."""

    def __init__(
        self,
        detail: Text | None = None,
        *,
        title: Text | None = None,
        code: str | None = None,
        status: int | None = None,
        errors: Iterable[FieldError] = (),
    ) -> None:
        if detail is not None:
            self.detail = detail
        if title is not None:
            self.title = title
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status
        self.errors: tuple[FieldError, ...] = tuple(errors)
        super().__init__(self.code)

    def __str__(self) -> str:
        parts = [f"{self.code}: {self.title} – {self.detail}"]
        parts += [f"{error.field}: {error.message} ({error.code})" for error in self.errors]
        return "; ".join(parts)

    def to_dict(self, lang: str = DEFAULT_LANGUAGE) -> dict[str, object]:
        """The problem document; `errors` is always there, so that a reader need not test for it."""
        return {
            "type": f"urn:guanxi:problem:{self.code}",
            "title": self.title.for_(lang),
            "status": self.status,
            "detail": self.detail.for_(lang),
            "errors": [error.to_dict(lang) for error in self.errors],
        }


class Invalid(Problem):
    """A value breaks a rule; `errors` says which field and why."""

    status = 422
    code = "invalid"
    title = T("有内容需要修改", "Some values need correcting")
    detail = T("请按每个字段下的提示修改后再提交。", "Correct the fields named below and submit again.")

    def __init__(
        self, errors: Iterable[FieldError] = (), detail: Text | None = None, *, code: str | None = None
    ) -> None:
        super().__init__(detail, errors=errors, code=code)

    @classmethod
    def field(cls, name: str, code: str, zh: str, en: str) -> Self:
        """One field, one reason: the common case."""
        return cls([FieldError(name, code, T(zh, en))])


class NotFound(Problem):
    """Absent, or out of the actor's sight: the two look the same on purpose."""

    status = 404
    code = "not-found"
    title = T("找不到", "Not found")
    detail = T(
        "这条内容不存在，或您没有查看它的权限。请检查链接，或联系管理员开通权限。",
        "It does not exist or you may not see it. Check the address, or ask your administrator for access.",
    )


class Merged(Problem):
    """It was merged into another record, which the actor may read."""

    status = 410
    code = "merged"
    title = T("已合并", "Merged")
    detail = T("这条记录已合并到另一条，请改用那一条。", "This record was merged into another one; use that.")


class Forbidden(Problem):
    """Visible, but this may not be done to it by this actor."""

    status = 403
    code = "forbidden"
    title = T("没有权限", "Not allowed")
    detail = T(
        "您没有做这个操作的权限。需要的话请联系管理员调整角色。",
        "You may not do this. If you need to, ask your administrator to change your role.",
    )


class WrongMethod(Problem):
    """There is something at this address, but not with this HTTP method; `allowed` are those it has."""

    status = 405
    code = "wrong-method"
    title = T("请求方法不对", "Wrong method")
    detail = T("这个地址不接受这种请求方法。可用的方法见响应头 Allow。", "This address does not take this method. The Allow header names those it takes.")

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        super().__init__()
        self.allowed = tuple(sorted(allowed))


class Conflict(Problem):
    """Somebody else was faster (409), or the version sent with If-Match is no longer the record's (412)."""

    status = 409
    code = "conflict"
    title = T("内容已被别人修改", "Changed by somebody else")
    detail = T(
        "在您打开之后，这条内容已有新的修改。请刷新，核对后再保存。",
        "It was changed after you opened it. Reload, compare, and save again.",
    )

    @classmethod
    def version(cls, detail: Text | None = None) -> Self:
        """The version given as a precondition is out of date: 412, as RFC 9110 §13.1.1 asks for If-Match."""
        return cls(detail, status=412, code="version-conflict")


class Unauthenticated(Problem):
    """No valid session or token came with the request."""

    status = 401
    code = "unauthenticated"
    title = T("请先登录", "Sign in first")
    detail = T(
        "登录已过期或令牌无效。请重新登录，或换一个有效的令牌。",
        "The session has ended or the token is not valid. Sign in again, or use a valid token.",
    )


class TooLarge(Problem):
    """More bytes, rows or cells than allowed."""

    status = 413
    code = "too-large"
    title = T("内容太大", "Too large")
    detail = T("超出了大小限制。请拆成几份后再上传。", "It exceeds the size limit. Split it and upload the parts.")


class Unreadable(Problem):
    """A file that cannot be understood, or is not safe to open."""

    status = 422
    code = "unreadable"
    title = T("文件无法读取", "The file cannot be read")
    detail = T(
        "文件已损坏或格式不受支持。请用 Excel 或 WPS 打开后另存为 .xlsx 或 UTF-8 CSV，再上传。",
        "The file is damaged or of an unsupported kind. Open it in Excel or WPS, save it as .xlsx or UTF-8 CSV, "
        "and upload that.",
    )


class NewerData(Problem):
    """The data folder, backup or declaration was written by a newer version of the program."""

    status = 409
    code = "newer-data"
    title = T("数据来自更新的版本", "The data come from a newer version")
    detail = T(
        "这些数据由更新版本的程序写入，为免损坏不予打开。请升级程序后再试。",
        "A newer version of the program wrote these data; they are left untouched. Upgrade the program and try again.",
    )


class StorageFull(Problem):
    """No space left for the database or files. Reading goes on."""

    status = 507
    code = "storage-full"
    title = T("存储空间已满", "Storage is full")
    detail = T(
        "磁盘空间不足，本次修改没有保存；查看不受影响。请管理员清理或扩充磁盘。",
        "There is no disk space left and this change was not saved; reading still works. "
        "Ask the administrator to free or add space.",
    )


class TooSlow(Problem):
    """The database gave up a statement that took longer than one may wait for; nothing was changed."""

    status = 503
    code = "too-slow"
    title = T("查询时间过长", "It took too long")
    detail = T(
        "这个请求太慢，已被停止，数据没有改变。请缩小筛选范围或换一种排序；数据很多时请改用导出或后台处理。",
        "This took too long and was stopped; nothing was changed. Narrow the condition or sort another way; for very many records "
        "use an export or a job.",
    )


class TooManyRequests(Problem):
    """A limit per time was reached; `retry_after` is in seconds."""

    status = 429
    code = "too-many-requests"
    title = T("操作太频繁", "Too many requests")
    detail = T("请稍等片刻再试。", "Wait a moment and try again.")

    def __init__(self, detail: Text | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


PROBLEMS: tuple[type[Problem], ...] = (
    Problem, Invalid, NotFound, Merged, Forbidden, WrongMethod, Conflict, Unauthenticated, TooLarge, Unreadable, NewerData,
    StorageFull, TooSlow, TooManyRequests,
)  # fmt: skip
"""Every kind, for documentation and for tests that walk them."""


class Unparsed(ValueError):
    """A piece of text that is not what was expected of it: no date, no amount.

    Parsers in this folder know no field names, so they raise this; whoever knows the field makes a FieldError of it.
    """

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def at(self, field: str) -> FieldError:
        return FieldError(field, self.code, self.message)
