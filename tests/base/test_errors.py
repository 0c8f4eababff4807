import re

import pytest

from guanxi.base.errors import (
    PROBLEMS,
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    Problem,
    TooManyRequests,
    Unreadable,
)
from guanxi.base.text import T


def test_a_problem_document_in_the_callers_language() -> None:
    problem = Invalid.field("phone", "not-a-phone", "不是电话号码", "Not a phone number")
    assert problem.to_dict("en") == {
        "type": "urn:guanxi:problem:invalid",
        "title": "Some values need correcting",
        "status": 422,
        "detail": "Correct the fields named below and submit again.",
        "errors": [{"field": "phone", "code": "not-a-phone", "message": "Not a phone number"}],
    }
    assert problem.to_dict()["title"] == "有内容需要修改"
    assert isinstance(problem, Invalid)


def test_several_fields() -> None:
    problem = Invalid(
        [FieldError("a", "required", T("必填", "Required")), FieldError("b", "required", T("必填", "Required"))]
    )
    assert [error.field for error in problem.errors] == ["a", "b"]
    assert "a: 必填 (required); b: 必填 (required)" in str(problem)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_kind_says_what_to_do_in_both_languages(kind: type[Problem]) -> None:
    problem = kind()
    document = problem.to_dict("en")
    assert document["type"] == f"urn:guanxi:problem:{problem.code}"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", problem.code)
    for text in (problem.title, problem.detail):
        assert text.zh and text.en
        assert text.zh != text.en
        assert text.en.isascii() or "–" in text.en
    assert document["errors"] == []


def test_statuses() -> None:
    assert {kind.__name__: kind.status for kind in PROBLEMS} == {
        "Problem": 500,
        "Invalid": 422,
        "NotFound": 404,
        "Merged": 410,
        "Forbidden": 403,
        "WrongMethod": 405,
        "Conflict": 409,
        "Unauthenticated": 401,
        "TooLarge": 413,
        "Unreadable": 422,
        "NewerData": 409,
        "StorageFull": 507,
        "TooSlow": 503,
        "TooManyRequests": 429,
    }
    assert Conflict.version().status == 412
    assert Conflict.version().code == "version-conflict"
    assert len({kind.code for kind in PROBLEMS}) == len(PROBLEMS)


def test_defaults_can_be_given_per_raise_and_do_not_leak() -> None:
    with pytest.raises(Problem) as caught:
        raise Unreadable(T("加密的文件", "Encrypted"), code="encrypted")
    assert caught.value.code == "encrypted"
    assert caught.value.detail == T("加密的文件", "Encrypted")
    assert Unreadable().code == "unreadable"
    assert NotFound(status=410).status == 410
    assert TooManyRequests(retry_after=30).retry_after == 30
