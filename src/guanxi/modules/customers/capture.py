"""Whom a pasted text is about: the customer and the contact, known or new."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from guanxi.kernel import Candidate, Fact, Facts, Guess, Offer, Step, T, Test, guess

_FORMS = re.compile(
    r"股份有限公司|有限责任公司|集团有限公司|有限公司|集团公司|总公司|公司|集团|\(.*?\)|（.*?）|\b(?:co|ltd|inc|llc|gmbh|corp|limited|company|group|plc|ag)\b\.?|[\s.,·&-]", re.IGNORECASE
)
_PLACE = re.compile(r"^(?:中国|[\u4e00-\u9fff]{2,8}?(?:省|市)|北京|上海|天津|重庆|深圳|广州|杭州|南京|苏州|成都|武汉|西安|青岛|宁波|厦门|广东|浙江|江苏|山东|四川|福建|湖北|湖南|河南|河北)")
_SAME_PHONE = T("同一个电话", "Same phone number")
_SAME_EMAIL = T("同一个邮箱", "Same e-mail")
_SAME_CODE = T("同一个统一社会信用代码", "Same credit code")
_SAME_NAME = T("同名", "Same name")
_LIKE_NAME = T("名称相近", "Similar name")
_THEIR_CUSTOMER = T("联系人所在客户", "The contact's customer")
_SAME_FAMILY = T("姓氏相同", "Same family name")
_SAME_WECHAT = T("同一个微信", "Same WeChat id")


def core(name: str) -> str:
    """A company's name without its legal form, its brackets and the place before it: how people tell companies apart."""
    short = _FORMS.sub("", name)
    bare = _PLACE.sub("", short)
    return (bare if len(bare) >= 2 else short).casefold()


def persons(facts: Facts, desk: Any) -> list[Fact]:
    """The people on the customer's side, whoever matters most first: a mail's sender, who speaks in a chat, who is named.

    The person who pasted, their colleagues and a mail's recipients are not among them; 王经理 beside 王丽华 is one person.
    """
    found = [one for one in facts.of("person") if one.value != desk.me and not _spoken_to(one, facts, desk)]
    found = [one for one in found if not desk.named("user", one.value)]
    full = {one.value[0] for one in found if len(one.value) >= 2 and not _short(one)}
    found = [one for one in found if not (_short(one) and one.value[0] in full)]
    order = {"sender": 0, "speaker": 1, "": 2}
    return sorted(found, key=lambda one: (order.get(one.part, 3), not one.sure, one.start))


def _short(one: Fact) -> bool:
    """A family name and a title, not a whole name: 李总."""
    return bool(re.fullmatch(r"[\u4e00-\u9fff]{1,2}(?:总|工|处|哥|姐|经理|主任|老师|先生|女士|小姐|太太|博士|教授|.{1,3}[长监员])", one.value))


def _spoken_to(one: Fact, facts: Facts, desk: Any) -> bool:
    return facts.shape in ("chat", "mail") and not one.part and _short(one) and bool(desk.me) and one.value[0] == desk.me[0]


def main_person(facts: Facts, desk: Any) -> tuple[Fact | None, list[Fact]]:
    """The person the text is about, if that is certain, and the others."""
    found = persons(facts, desk)
    if not found:
        return None, []
    first = found[0]
    same = [one for one in found if one.part == first.part and one.sure]
    if first.sure and (len(same) == 1 or first.part == "sender"):
        return first, found[1:]
    return None, found


def _span(*found: Fact) -> tuple[tuple[int, int], ...]:
    return tuple((one.start, one.end) for one in found)


_BY = (("phone", "phones", _SAME_PHONE), ("email", "email", _SAME_EMAIL), ("wechat", "wechat", _SAME_WECHAT))


def known_people(facts: Facts, desk: Any) -> list[tuple[dict[str, Any], Candidate]]:
    """Contacts that have a phone, an e-mail or a WeChat id of the text."""
    out: dict[UUID, tuple[dict[str, Any], Candidate]] = {}
    for kind, field, why in _BY:
        for one in facts.of(kind):
            for row in desk.holding("contact", field, one.value, ("customer",)):
                out.setdefault(row["id"], (row, Candidate(row["id"], row["name"] or "", why, _span(one))))
    return list(out.values())


def _companies(facts: Facts) -> list[Fact]:
    found = facts.of("company")
    return [one for one in found if one.part == "sender"] or found


def _known_customers(facts: Facts, desk: Any) -> tuple[list[Candidate], list[Candidate]]:
    """Customers that are surely meant, and those that may be."""
    sure: dict[UUID, Candidate] = {}
    maybe: dict[UUID, Candidate] = {}
    for one in facts.of("credit_code"):
        for row in desk.holding("customer", "credit_code", one.value):
            sure.setdefault(row["id"], Candidate(row["id"], row["name"] or "", _SAME_CODE, _span(one)))
    for row, candidate in known_people(facts, desk):
        if row.get("customer"):
            held = row["customer"]
            sure.setdefault(held["id"], Candidate(held["id"], held.get("label") or "", _THEIR_CUSTOMER, candidate.spans))
    for kind, field, why in _BY:
        for one in facts.of(kind):
            for row in desk.holding("customer", field, one.value):
                sure.setdefault(row["id"], Candidate(row["id"], row["name"] or "", why, _span(one)))
    names = [(one.value, one) for one in _companies(facts)] + [(words, one) for one in persons(facts, desk) for words in _beside(facts, one)]
    for name, one in names:
        for id_, label in desk.named("customer", name):
            sure.setdefault(id_, Candidate(id_, label, _SAME_NAME, _span(one)))
        wanted = core(name)
        for id_, label in desk.near("customer", wanted) if len(wanted) >= 2 else []:
            if core(label) == wanted or wanted in core(label):
                maybe.setdefault(id_, Candidate(id_, label, _LIKE_NAME, _span(one)))
    if not sure and not names:
        for one in persons(facts, desk)[:3]:
            for row in desk.rows("contact", Test("name", "=", one.value), ["name", "customer"]) if not _short(one) else []:
                if row.get("customer"):
                    held = row["customer"]
                    maybe.setdefault(held["id"], Candidate(held["id"], held.get("label") or "", _THEIR_CUSTOMER, _span(one)))
    return list(sure.values()), [one for id_, one in maybe.items() if id_ not in sure]


def _beside(facts: Facts, one: Fact) -> list[str]:
    """What else a chat's nickname says: 赵总-金辉物流 → 金辉物流."""
    if one.part != "speaker":
        return []
    return [piece.strip() for piece in re.split(r"[-_@|/·（()）\s]+", facts.words(one)) if len(piece.strip()) >= 2 and piece.strip() != one.value]


def customer(facts: Facts, desk: Any) -> Step | None:
    """The customer: a known one by code, phone, e-mail or name; else a new one of the company's name."""
    if not facts.of("company", "person", "phone", "email", "credit_code", "wechat") and not facts.of("moment", "way", "amount"):
        return None
    sure, maybe = _known_customers(facts, desk)
    person, _ = main_person(facts, desk)
    companies = _companies(facts)
    name = guess(companies)
    nicknames = [Offer(words, _span(one)) for one in persons(facts, desk) for words in _beside(facts, one)]
    if not companies and nicknames:
        name = Guess(None, (), tuple(nicknames))
    mine = [one for one in facts.of("phone") if person is None or not one.value.startswith("+861")]
    values = {
        "name": name,
        "phones": _phones(mine),
        "website": guess(facts.of("url")),
        "region": guess(facts.of("address")),
        "credit_code": guess(facts.of("credit_code")),
    }
    if person is None:
        values["email"] = guess(facts.of("email"))
    step = Step({key: one for key, one in values.items() if key == "name" or one.value is not None or one.options}, candidates=(*sure, *maybe))
    if len(sure) == 1:
        step.record = sure[0].id
    elif sure or maybe or name.value is None:
        step.open = True
        step.take = False
    return step


def _phones(found: Iterable[Fact]) -> Guess:
    listed = list(found)
    sure = [one for one in listed if one.sure]
    value = [{"number": one.value, **({"note": one.get("note")} if one.get("note") else {})} for one in sure]
    return Guess(value or None, _span(*sure), tuple(Offer([{"number": one.value}], _span(one)) for one in listed if not one.sure))


def contact(facts: Facts, desk: Any) -> Step | None:
    """The person: a contact known by phone, e-mail or WeChat, one of that name at the customer, or a new one."""
    base = desk.steps.get("customer")
    known = [candidate for _, candidate in known_people(facts, desk)]
    person, others = main_person(facts, desk)
    there = desk.rows("contact", Test("customer", "=", base.record) & Test("left", "!=", True), ["name"], limit=100) if base is not None and base.record is not None else []
    called = [one for row in there if (one := _called(row, facts)) is not None]
    if not known and ((person is None and not others and not called) or base is None):
        return None
    step = Step(_person_values(facts, desk, person, others), candidates=tuple(known), links={"customer": "customer"}, new=base is not None)
    if len(known) == 1:
        step.record = known[0].id
        return step
    if known:
        step.open, step.take = True, False
        return step
    family = [
        Candidate(row["id"], row["name"], _SAME_FAMILY, _span(one))
        for one in ([person] if person is not None else others) if _short(one)
        for row in there if (row.get("name") or "")[:1] == one.value[:1] and row["id"] not in {c.id for c in called}
    ]  # fmt: skip
    step.candidates = (*called, *family)
    if len(called) == 1 and (person is None or person.value == called[0].label):
        step.record = called[0].id
    elif step.candidates:
        step.open, step.take = True, False
    elif person is None:
        step.take = False
    return step


def _called(row: dict[str, Any], facts: Facts) -> Candidate | None:
    """A contact of the customer whose whole name stands in the text."""
    name = row.get("name") or ""
    at = facts.text.find(name) if len(name) >= 2 else -1
    return Candidate(row["id"], name, _SAME_NAME, ((at, at + len(name)),)) if at >= 0 else None


def _person_values(facts: Facts, desk: Any, person: Fact | None, others: list[Fact]) -> dict[str, Guess]:
    name = Guess(person.value, _span(person), tuple(Offer(one.value, _span(one)) for one in others)) if person is not None else guess(others)
    numbers = facts.of("phone")
    mobiles = [one for one in numbers if one.value.startswith("+861") or len(numbers) == 1]
    values = {"name": name, "phones": _phones(mobiles), "email": guess(facts.of("email")), "wechat": guess(facts.of("wechat")), "qq": guess(facts.of("qq"))}
    title = (person.get("title") if person is not None else "") or None
    alone = person is not None and not others
    values["job_title"] = Guess(title, _span(person)) if title and person is not None else _of(facts.of("title"), alone)
    values["department"] = _of(facts.of("department"), alone)
    if person is not None and person.get("gender"):
        values["gender"] = Guess(person.get("gender"), _span(person))
    return {key: one for key, one in values.items() if key == "name" or one.value is not None or one.options}


def _of(found: list[Fact], alone: bool) -> Guess:
    """What is said of somebody belongs to the only person there is; among several it is offered."""
    said = guess(found)
    return said if alone else Guess(None, (), tuple(Offer(one.value, _span(one)) for one in found))


def customer_more(facts: Facts, desk: Any) -> Step | None:
    """What the text knows of a known customer that its record does not."""
    return _more("customer", desk)


def contact_more(facts: Facts, desk: Any) -> Step | None:
    """What the text knows of a known contact that its record does not."""
    return _more("contact", desk)


def _more(name: str, desk: Any) -> Step | None:
    base = desk.steps.get(name)
    if base is None or base.record is None:
        return None
    fields = [field for field in base.values if field != "name"]
    rows = desk.rows(name, Test("id", "=", base.record), ["name", *fields], limit=1) if fields else []
    if not rows:
        return None
    values: dict[str, Guess] = {}
    for field in fields:
        held, one = rows[0].get(field), base.values[field]
        if field == "phones" and isinstance(held, list) and one.value:
            there = {(item.get("number") or "").partition(";")[0] for item in held}
            fresh = [item for item in one.value if item["number"].partition(";")[0] not in there]
            if fresh:
                values[field] = Guess([*held, *fresh], one.spans)
        elif held in (None, "", []) and one.value is not None:
            values[field] = one
    return Step(values, "update", record=base.record, of=name) if values else None
