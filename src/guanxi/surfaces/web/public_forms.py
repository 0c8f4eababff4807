"""The page of a public form, for visitors: no cookie, no script, framed by the sites it names; and the same as JSON for a site's own page."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from guanxi.base.errors import Invalid, NotFound, Problem
from guanxi.base.text import LANGUAGES, T, pick_language
from guanxi.kernel import accounts, intake
from guanxi.kernel.declare.fields import (
    Boolean,
    Choice,
    Date,
    Email,
    Field,
    Integer,
    LongText,
    MultiChoice,
    Number,
    Phone,
    Settings,
    Url,
)
from guanxi.surfaces.web.look import Look, render
from guanxi.surfaces.web.middleware import POLICY

MOST_BYTES = 64 * 1024
METHODS = "GET, POST, OPTIONS"


@csrf_exempt  # nobody is signed in here: what a form sends is a stranger's word, whichever page it came from
def show(request: HttpRequest, key: str) -> HttpResponse:
    lang = _language(request)
    try:
        form = intake.form(key)
    except NotFound:
        return _headed(request, None, _page(lang, "pages/public_form_gone.html", 404))
    if request.method not in ("GET", "HEAD", "POST", "OPTIONS"):
        return _headed(request, form, HttpResponse(status=405, headers={"Allow": METHODS}))
    origin = request.headers.get("Origin", "")
    if origin and origin != _own(request) and origin not in form.origins:
        return _headed(request, form, HttpResponse("origin", status=403, content_type="text/plain"))
    if request.method == "OPTIONS":
        return _headed(request, form, HttpResponse(status=204, headers={"Allow": METHODS, "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type", "Access-Control-Max-Age": "600"}))
    if request.method != "POST":
        return _headed(request, form, _drawn(form, lang, {}, {}))
    json = (request.content_type or "").casefold() == "application/json"
    try:
        given = _given(request, form, json)
        intake.submit(form, given, accounts.address(request), request.headers.get("User-Agent", ""))
    except Problem as problem:
        return _headed(request, form, _refused(form, lang, request, problem, json))
    if json:
        answer = {"ok": True, "thanks": form.words("thanks").for_(lang) or None, "next": form.row["back_url"]}
        return _headed(request, form, HttpResponse(msgspec.json.encode(answer), content_type="application/json"))
    return _headed(request, form, _page(lang, "pages/public_form_thanks.html", form=form, thanks=form.words("thanks").for_(lang)))


def _given(request: HttpRequest, form: intake.PublicForm, json: bool) -> dict[str, Any]:
    """What was sent. Raises Invalid."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise Invalid([], T("内容太长。", "This is too long."))
    if json:
        try:
            found = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise Invalid([], T("不是有效的 JSON。", "Not valid JSON.")) from None
        if not isinstance(found, dict) or len(found) > 100:
            raise Invalid([], T("应为“名称: 值”的对象。", "An object of name: value."))
        return found
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data") or request.FILES:
        raise Invalid([], T("不支持这种内容。", "This kind of content is not taken."))
    several = {asked.field.name for asked in form.asked if isinstance(asked.field, MultiChoice)}
    return {name: values if name in several else values[-1] for name, values in request.POST.lists()}


def _refused(form: intake.PublicForm, lang: str, request: HttpRequest, problem: Problem, json: bool) -> HttpResponse:
    """Which inputs will not do, and why."""
    errors = {error.field: error.message.for_(lang) for error in reversed(problem.errors)}
    whole = "" if errors else problem.detail.for_(lang)
    if json:
        body = {"ok": False, "errors": [{"field": name, "message": said} for name, said in errors.items()], "message": whole or None}
        answer = HttpResponse(msgspec.json.encode(body), status=problem.status, content_type="application/json")
    else:
        answer = _drawn(form, lang, dict(request.POST.lists()), errors, whole, problem.status)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _drawn(form: intake.PublicForm, lang: str, given: dict[str, list[Any]], errors: dict[str, str], whole: str = "", status: int = 200) -> HttpResponse:
    names = {asked.field.name for asked in form.asked} | {intake.CONSENT}
    elsewhere = [said for name, said in errors.items() if name not in names]
    return _page(
        lang, "pages/public_form.html", status, form=form, given=given, errors=errors, whole=whole or " ".join(elsewhere[:3]), shape=_shape, trap=intake.TRAP, consent=intake.CONSENT,
    )  # fmt: skip


def _shape(one: Field) -> str:
    """Which input asks for a field."""
    shapes: tuple[tuple[tuple[type[Field], ...], str], ...] = (
        ((MultiChoice,), "boxes"), ((Choice,), "select"), ((Boolean,), "box"), ((LongText,), "area"), ((Email,), "email"), ((Phone,), "tel"), ((Url,), "url"),
        ((Integer, Number), "number"), ((Date,), "date"),
    )  # fmt: skip
    return next((shape for kinds, shape in shapes if isinstance(one, kinds)), "text")


def _language(request: HttpRequest) -> str:
    """As the address says, else as the browser asks; nothing is kept."""
    asked = request.GET.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return pick_language(request.headers.get("Accept-Language"))


def _page(lang: str, template: str, status: int = 200, **context: Any) -> HttpResponse:
    return HttpResponse(render(template, Look(lang, Settings()), context), status=status, headers={"Cache-Control": "no-store"})


def _own(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _headed(request: HttpRequest, form: intake.PublicForm | None, answer: HttpResponse) -> HttpResponse:
    """Shown and answered on the sites the form names, and nowhere else."""
    origins = form.origins if form is not None else ()
    answer.headers["Vary"] = "Origin, Accept-Language"
    if origins:
        answer.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors 'self' {' '.join(origins)}")
    if (origin := request.headers.get("Origin", "")) in origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
    return answer
