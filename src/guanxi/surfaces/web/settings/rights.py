"""A role's rights as a person reads and ticks them: from `grants` to lines and back, and what differs, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.access.rights import MARK, SCOPE_LABELS, may
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.own_rights import called, grantable
from guanxi.kernel.declare.fields import MARKS, Field
from guanxi.kernel.declare.objects import LEVELS, SCOPES, Definition, named
from guanxi.surfaces.web import words
from guanxi.surfaces.web.inputs import Raw

COLUMNS = ("read", "create", "update", "delete", "restore", "assign", "share", "print", "export", "import")
"""Verbs with a column of their own, where the object has them; the others stand together."""
EVERYTHING = "*"
LINKED = T("随关联记录", "as the linked record")


def verbs(it: Definition) -> list[str]:
    """What can be granted on an object, in the order of the columns."""
    return sorted(grantable(it), key=lambda v: COLUMNS.index(v) if v in COLUMNS else len(COLUMNS))


def label(it: Definition, verb: str) -> Text:
    return called(it, verb)


def fields(it: Definition) -> list[Field]:
    """What a role can have a level on: marks of personal data, which stand for all fields that have them, and fields."""
    own = [one for one in it.fields.values() if not one.system]
    marks = dict.fromkeys(one.personal for one in own if one.personal)
    return [*(named(MARK + mark, Field(T(f"所有{MARKS[mark].zh}", f"All: {MARKS[mark].en.lower()}"))) for mark in MARKS if mark in marks), *own]


def field(it: Definition, name: str) -> Text:
    """What a level is on, in words."""
    return next((one.label for one in fields(it) if one.name == name), T(name, name))


def scoped(it: Definition, kind: str) -> bool:
    """Whether a role's scope decides anything for reading or writing."""
    return (it.policy.read in ("scope", "personal")) if kind == "read" else it.policy.write in ("scope", "personal")


def scopes(it: Definition, held: str) -> list[tuple[str, Text]]:
    """The scopes to choose from. Where nobody owns the records, they are as far as what they hang on."""
    if it.owned:
        return [(name, SCOPE_LABELS[name]) for name in SCOPES]
    names = dict.fromkeys(("none", "own", "all", held))
    return [(name, LINKED if name == "own" else SCOPE_LABELS.get(name, T(name, name))) for name in names]


def may_read(eyes: Actor, it: Definition) -> bool:
    return may(eyes.rights, it, "read")


@dataclass(frozen=True)
class Line:
    """One object's rights in a role. `inherited`: the role says nothing of this object and grants what it grants of all."""

    it: Definition
    verbs: frozenset[str]
    read: str = "own"
    write: str = "own"
    departments: tuple[str, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()
    inherited: bool = False

    @property
    def limits(self) -> dict[str, str]:
        return dict(self.levels)

    @property
    def more(self) -> list[str]:
        """The verbs without a column."""
        return [v for v in verbs(self.it) if v not in COLUMNS]


def line(it: Definition, grants: Mapping[str, Any]) -> Line:
    """What the role grants on an object, its own word or that for all objects."""
    grant = grants.get(it.name, grants.get(EVERYTHING)) or {}
    held = set(grant.get("verbs") or ())
    granted = frozenset(v for v in verbs(it) if v in held or EVERYTHING in held)
    read = grant.get("read", "own")
    return Line(
        it, granted, read, grant.get("write", read), tuple(str(d) for d in grant.get("departments") or ()),
        tuple(sorted((n, level) for n, level in (grant.get("fields") or {}).items() if n in {one.name for one in fields(it)})),
        it.name not in grants and EVERYTHING in grants,
    )  # fmt: skip


def groups(catalog: Catalog) -> list[tuple[Text, list[Definition]]]:
    """All objects, grouped as the navigation groups them, the settings' last."""
    order = {name: at for at, name in enumerate((*words.GROUP_ORDER, "", "settings"))}
    out: dict[str, list[Definition]] = {}
    for it in sorted(catalog, key=lambda it: order.get(it.group, len(words.GROUP_ORDER) - 0.5)):
        out.setdefault(it.group, []).append(it)
    return [(words.group(name) if name else T("由程序记录", "Kept by the program"), objects) for name, objects in out.items()]


# -- from a posted form ------------------------------------------------------------------------------------------------


def posted(it: Definition, raw: Raw, held: Line) -> Line:
    """A line as the form has it; what the form did not show stays as it was."""
    if not raw.get(f"row.{it.name}"):
        return held
    levels = held.limits
    if raw.get(f"open.{it.name}"):
        for one in fields(it):
            level = raw.get(f"l.{it.name}.{one.name}")
            levels.pop(one.name, None)
            if level in LEVELS:
                levels[one.name] = level
    return replace(
        held,
        verbs=frozenset(v for v in raw.all(f"v.{it.name}") if v in verbs(it)),
        read=raw.get(f"r.{it.name}", held.read),
        write=raw.get(f"w.{it.name}", held.write),
        departments=tuple(d for d in raw.all(f"d.{it.name}") if d),
        levels=tuple(sorted(levels.items())),
    )


def merged(catalog: Catalog, grants: Mapping[str, Any], raw: Raw) -> dict[str, Any]:
    """The role's grants with what the form changed; lines nobody touched, and keys the form does not know, stay as they are."""
    out = dict(grants)
    for it in catalog:
        before = line(it, grants)
        after = posted(it, raw, before)
        if after != before:
            out[it.name] = _grant(after, grants.get(it.name) or {})
            if not out[it.name]["verbs"] and not after.levels and EVERYTHING not in grants:
                del out[it.name]
    return out


def _grant(after: Line, held: Mapping[str, Any]) -> dict[str, Any]:
    offered = verbs(after.it)
    kept = [v for v in held.get("verbs") or () if v not in offered and v != EVERYTHING]
    every = EVERYTHING in (held.get("verbs") or ()) and after.verbs == frozenset(offered)
    names = [EVERYTHING] if every else [v for v in offered if v in after.verbs]
    unknown = {n: level for n, level in (held.get("fields") or {}).items() if n not in {one.name for one in fields(after.it)}}
    out: dict[str, Any] = {**held, "verbs": [*names, *kept], "read": after.read, "write": after.write}
    for key, value in (("fields", {**after.limits, **unknown}), ("departments", list(after.departments))):
        out.pop(key, None)
        if value:
            out[key] = value
    return out


# -- in words ----------------------------------------------------------------------------------------------------------


def _and(texts: Sequence[Text]) -> Text:
    return T("、".join(t.zh for t in texts), ", ".join(t.en for t in texts))


def _does(it: Definition, verb: str) -> Text:
    """A verb inside a sentence."""
    text = T("新建", "create") if verb == "create" else label(it, verb)
    return T(text.zh, text.en[:1].lower() + text.en[1:])


REACH: dict[str, Text] = {
    "none": T("不能修改", "none"),
    "own": T("本人的", "of their own"),
    "reports": T("本人及下属的", "of their own and their reports"),
    "department": T("本部门的", "of the department"),
    "below": T("本部门及下级部门的", "of the department and those below it"),
    "chosen": T("指定部门的", "of chosen departments"),
    "all": T("全部", "of everybody"),
}


def _reach(it: Definition, scope: str, names: Sequence[str]) -> Text:
    """Whose records: “本部门的” before the object's name, "of the department" after it."""
    if scope == "chosen" and names:
        return T(f"{'、'.join(names)}的", f"of {', '.join(names)}")
    if not it.owned and scope != "all":
        return T("随关联记录能看到的", "of linked records in sight")
    return REACH.get(scope, T(scope, scope))


def sentence(one: Line, departments: Mapping[str, str] | None = None) -> Text:
    """What a line gives, in plain words."""
    it, noun = one.it, T(one.it.label.zh, words.plural(one.it).en.lower())
    names = [name for d in one.departments if (name := (departments or {}).get(d))]
    zh: list[str] = []
    en: list[str] = []
    if it.policy.read == "member":
        zh.append(f"所有成员都能查看{noun.zh}")
        en.append(f"every member may see {noun.en}")
    elif it.policy.read == "personal":
        zh.append(f"每个人管理自己的{noun.zh}")
        en.append(f"everybody keeps {noun.en} of their own")
    elif it.policy.read == "about":
        return T(f"能看到一条记录的人，都能看到和发表它的{noun.zh}。", f"Whoever sees a record sees its {noun.en} and may write some.")
    elif it.policy.read == "pair":
        return T(f"能合并两条记录的人，能看到和处理它们的{noun.zh}。", f"Whoever may merge two records sees their {noun.en} and decides about them.")
    elif "read" not in one.verbs or one.read == "none":
        return T(f"看不到{noun.zh}。", f"Does not see {noun.en}.")
    else:
        reach = _reach(it, one.read, names) if scoped(it, "read") else REACH["all"]
        zh.append(f"可以看到{reach.zh}{noun.zh}")
        en.append(f"may see {noun.en} {reach.en}")
    writing = [v for v in verbs(it) if v in one.verbs and v not in ("read", "create", "print", "export", "import")]
    if writing and scoped(it, "write") and one.write == "none":
        zh.append("不能修改")
        en.append("may not change them")
    elif writing:
        does = _and([_does(it, v) for v in writing])
        far = _reach(it, one.write, names) if scoped(it, "write") and one.write != one.read else None
        zh.append(f"可以{does.zh}{far.zh if far is not None else ''}")
        en.append(f"may {does.en}" + (f" those {far.en}" if far is not None else ""))
    rest = [_does(it, v) for v in verbs(it) if v in one.verbs and v in ("create", "print", "export", "import")]
    if rest:
        zh.append(f"可以{_and(rest).zh}")
        en.append(f"may {_and(rest).en}")
    if not writing and not rest and it.policy.read != "personal":
        zh.append("不能修改")
        en.append("may not change them")
    for level, say in _LIMITS.items():
        held = [field(it, n) for n, found in one.levels if found == level]
        if held:
            zh.append(say.zh.format(_and(held).zh))
            en.append(say.en.format(_and(held).en))
    text = "; ".join(en)
    return T("，".join(zh) + "。", text[:1].upper() + text[1:] + ".")


_LIMITS = {
    "hidden": T("看不到{}", "does not see {}"),
    "masked": T("{}脱敏显示", "sees {} masked"),
    "read": T("{}只读", "may only read {}"),
}


def differences(catalog: Catalog, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[Text, list[Text]]]:
    """Which rights changed between two states of a role: (object, what changed)."""
    out = []
    old, new = before or {}, after or {}
    if old.get(EVERYTHING) != new.get(EVERYTHING):
        all_ = T("所有对象", "All objects")
        out.append((all_, [T("通用权限已修改", "the right on all objects was changed")]))
    for it in catalog:
        a, b = line(it, old), line(it, new)
        if a != b and old.get(it.name) != new.get(it.name):
            found = _changed(it, a, b)
            if found:
                out.append((it.label, found))
    return out


def _changed(it: Definition, a: Line, b: Line) -> list[Text]:
    out: list[Text] = []
    for names, say in ((b.verbs - a.verbs, T("新增 {}", "added {}")), (a.verbs - b.verbs, T("去掉 {}", "removed {}"))):
        if names:
            what = _and([label(it, v) for v in verbs(it) if v in names])
            out.append(T(say.zh.format(what.zh), say.en.format(what.en)))
    for kind, say in (("read", T("看到的范围", "sees")), ("write", T("可改的范围", "may change"))):
        was, now = getattr(a, kind), getattr(b, kind)
        if was != now and scoped(it, kind):
            x, y = SCOPE_LABELS[was], SCOPE_LABELS[now]
            out.append(T(f"{say.zh} {x.zh} → {y.zh}", f"{say.en} {x.en} → {y.en}"))
    if a.departments != b.departments:
        out.append(T("指定部门已修改", "chosen departments changed"))
    usual = T("默认", "as usual")
    for name in dict.fromkeys((*a.limits, *b.limits)):
        if a.limits.get(name) != b.limits.get(name):
            was_, now_ = words.LEVELS.get(a.limits.get(name, ""), usual), words.LEVELS.get(b.limits.get(name, ""), usual)
            one = field(it, name)
            out.append(T(f"{one.zh} {was_.zh} → {now_.zh}", f"{one.en} {was_.en} → {now_.en}"))
    return out
