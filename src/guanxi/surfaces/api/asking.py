"""Requests and answers: who asks, in which language, with what; problems as RFC 9457 documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja.utils import check_csrf

from guanxi.base.errors import Conflict, Invalid, Problem, TooLarge, Unauthenticated, WrongMethod
from guanxi.base.ids import parse_id, uuid7
from guanxi.base.text import DEFAULT_LANGUAGE, T, pick_language
from guanxi.kernel import accounts
from guanxi.kernel.access.actor import Actor

MAX_BODY = 5 * 1024 * 1024


def language(request: HttpRequest) -> str | None:
    header = request.headers.get("Accept-Language")
    return pick_language(header) if header else None


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, by bearer token or by the browser's session (then with Django's CSRF check for writes).

    Raises Unauthenticated, and TooManyRequests for whoever asks too often.
    """
    held: Actor | None = getattr(request, "actor", None)
    if held is not None:
        return held
    how: dict[str, Any] = {"via": "api", "language": language(request), "request": request_id(request)}
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        actor = accounts.of_token(request, credentials.strip(), **how)
    else:
        actor, standing = accounts.of_session(request, **how)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            refused = check_csrf(request, _nothing)
            if refused is not None:
                raise Unauthenticated(
                    T("缺少防伪标记，请刷新页面后重试。", "The CSRF token is missing; reload the page and try again."),
                    code="csrf",
                )
        due = accounts.due(actor, standing)
        if due == "password":
            raise Unauthenticated(T("请先修改密码。", "Change the password first."), code="must-change-password")
        if due == "second":
            raise Unauthenticated(T("请先开启两步验证。", "Set up the second factor first."), code="second-factor")
    request.actor = actor  # type: ignore[attr-defined]
    return actor


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def request_id(request: HttpRequest) -> str:
    held = getattr(request, "request_id", None)
    if held is None:
        held = str(uuid7())
        request.request_id = held  # type: ignore[attr-defined]
    return str(held)


def body(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object. Raises Invalid naming `body`, or TooLarge."""
    try:
        raw = request.body
    except RequestDataTooBig:
        raise TooLarge() from None
    if len(raw) > MAX_BODY:
        raise TooLarge()
    try:
        found = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Invalid.field("body", "json", "请求内容不是有效的 JSON。", "The body is not valid JSON.") from None
    if not isinstance(found, dict):
        raise Invalid.field("body", "type", "请求内容应为 JSON 对象。", "The body is a JSON object.")
    return found


def only(found: Mapping[str, Any], *names: str) -> None:
    """Refuse members nobody asked for, so that a typing mistake is not silently ignored."""
    for name in found:
        if name not in names:
            raise Invalid.field(
                str(name)[:100], "unknown-field", f"没有“{name}”这一项。", f"There is no member {name!r}."
            )


def version(request: HttpRequest) -> UUID | None:
    """The version in If-Match; None when the caller does not care."""
    header = request.headers.get("If-Match", "").strip()
    if not header or header == "*":
        return None
    found = parse_id(header.removeprefix("W/").strip('"'))
    if found is None:
        raise Conflict.version()
    return found


def answer(value: Any, status: int = 200, **headers: str) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(value), content_type="application/json", status=status)
    response["Cache-Control"] = "no-store"
    for name, text in headers.items():
        response[name.replace("_", "-")] = text
    return response


def refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    held: Actor | None = getattr(request, "actor", None)
    lang = language(request) or (held.language if held is not None else DEFAULT_LANGUAGE)
    document = problem.to_dict(lang) | {"instance": f"urn:guanxi:request:{request_id(request)}"}
    response = HttpResponse(
        msgspec.json.encode(document), content_type="application/problem+json", status=problem.status
    )
    response["Cache-Control"] = "no-store"
    response["Content-Language"] = lang
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="guanxi"'
    if isinstance(problem, WrongMethod):
        response["Allow"] = ", ".join(problem.allowed)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response
