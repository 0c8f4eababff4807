"""Objects, modules, policies, actions and views: what a module says about its records.

A class statement is the whole declaration; reading it is reading the specification. Mistakes are found when the class
is made, at import: a declaration without a policy, a view of a field that does not exist, an action without a label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, get_args

from guanxi.base.text import T, Text
from guanxi.kernel.declare.attending import LABEL as UNATTENDED
from guanxi.kernel.declare.attending import Attended
from guanxi.kernel.declare.attending import fields as attended_fields
from guanxi.kernel.declare.captures import Capture
from guanxi.kernel.declare.conditions import Always, Condition, from_text
from guanxi.kernel.declare.fields import Boolean, Choice, DateTime, Field, Link, Links, Person, TextField
from guanxi.kernel.declare.figures import Counter, Dashboard, Figure
from guanxi.kernel.declare.grouping import FIELD as GROUPS
from guanxi.kernel.declare.grouping import field as group_field
from guanxi.kernel.declare.grouping import verbs as group_verbs
from guanxi.kernel.declare.help import Help
from guanxi.kernel.declare.intake import Intake
from guanxi.kernel.declare.matching import Matching, MergeAction
from guanxi.kernel.declare.matching import actions as merge_actions
from guanxi.kernel.declare.matching import fields as merge_fields
from guanxi.kernel.declare.notices import ASSIGNED, Named, Tells
from guanxi.kernel.declare.pooling import Pooling
from guanxi.kernel.declare.pooling import actions as pool_actions
from guanxi.kernel.declare.pooling import fields as pool_fields
from guanxi.kernel.declare.pooling import settle as pool_settle

Scope = Literal["none", "own", "reports", "department", "below", "chosen", "all"]
SCOPES: tuple[str, ...] = get_args(Scope)
Level = Literal["hidden", "masked", "read", "write"]
LEVELS: tuple[str, ...] = get_args(Level)


class DeclarationError(TypeError):
    """A module's declaration is wrong; the program does not start with it."""


@dataclass(frozen=True)
class Policy:
    """Who may see and do what, before roles say how far.

    read, write: "scope" – each role has a data scope (own … all) over the record's owner and team;
                 "role" – whoever's role grants the verb, for all records;
                 "member" – every user of the workspace reads, roles decide writing;
                 "personal" – every user makes, reads and writes records of their own without any grant. Others read
                 what is shared with them, and a role's grant reaches shared records only (docs/adr/0008),
                 "about" – read by exactly those who may read the record it is about, which its fields `object_name` and
                 `record` name; they may write some too, without any grant, and change their own (docs/adr/0013),
                 "pair" – read by whoever may merge the two records it is of, which `object_name`, `record` and `other` name.
    readers: fields of a personal object that say with whom a record is shared: a boolean (everybody), many-links to
             users, roles or departments (those below included). Without them nobody but the owner ever reads it.
             Of an object read by scope: many-links to users; whoever is named there and may read the object at all reads this record too.
    through: links whose readable target makes this record readable too (a follow-up through its customer).
    kept: hours after which what somebody wrote stands: until then its author may update it, afterwards nobody but those whose role
          grants `amend` (of records they may write). Without it whoever may update may do so at any time.
    fields: starting levels by field, such as {"cost": "hidden"}; a role's own entry replaces them.
    """

    read: Literal["scope", "role", "member", "personal", "about", "pair"] = "scope"
    write: Literal["scope", "role", "personal"] = "scope"
    through: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    kept: int = 0
    fields: Mapping[str, Level] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """A verb beyond create, update, delete.

    run(draft, context, **inputs) changes the draft, may call `context.perform`, and may return a dict for the caller.
    `form` names fields of the object that this verb may write; `inputs` are parameters of its own. `offered` judges a
    record for showing the button: a condition text. `leaves` allows the record to leave the actor's own scope.
    `internal` verbs are for rules and automations: no person's role can be granted them. `right`: where the right comes from
    when no role grants the verb itself: "update" (whoever may update), several verbs joined by + (whoever may do all of them), "read"
    (whoever reads the record), "self" (the person whose own record it is), "member" or "admin" (of some pool of the object). listed: screens offer it by itself; otherwise they have a page of its own.
    `needs`: fields of `form` that must not be empty when it is done. `secret`: its inputs must be kept nowhere, so it is done to one
    record at a time and never in the background.
    """

    name: str
    run: Callable[..., Any]
    label: Text
    form: tuple[str, ...] = ()
    inputs: tuple[Field, ...] = ()
    offered: str = ""
    leaves: bool = False
    internal: bool = False
    danger: bool = False
    right: str = ""
    listed: bool = True
    needs: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True)
class List:
    """Rows in columns. `columns` and `filters` are paths; the default view of an object is its first List. `waiting`: its
    records are work for whoever looks, so the navigation says how many there are."""

    columns: tuple[str, ...]
    sort: tuple[str, ...] = ("-updated_at",)
    filters: tuple[str, ...] = ()
    where: str = ""
    name: str = "all"
    label: Text = T("全部", "All")
    waiting: bool = False


@dataclass(frozen=True)
class Board:
    """Cards in columns by a stage, choice or link; `total` is summed per column.

    kind: the choice of a linked record that says what kind of column it makes; of a choice, the choice itself is its kind.
    closed: kinds whose columns are folded away at the right. moves: the verb that brings a card into a column of a kind;
    other columns take the verb that has the field among its inputs, else a plain update.
    since, limit: since when a card is in its column, and how many days it should be. overdue: a condition text; cards it
    holds for are marked. where: which records. guide: the text of a linked record that says what is to be done in its column; a record
    at it shows it.
    """

    by: str
    card: tuple[str, ...]
    total: str = ""
    sort: tuple[str, ...] = ("-updated_at",)
    kind: str = ""
    closed: tuple[str, ...] = ()
    moves: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    limit: str = ""
    guide: str = ""
    overdue: str = ""
    where: Any = ""
    name: str = "board"
    label: Text = T("看板", "Board")


@dataclass(frozen=True)
class Calendar:
    """Records on their days: `date` a date or an instant, `end` where it lasts longer. The first of `card` is the entry's
    text, the object's title if there is none.

    where: which records; overdue, done: condition texts for entries marked so. color: a token for all entries. common:
    whether the calendar of all objects shows it before anybody chose.
    """

    date: str
    end: str = ""
    card: tuple[str, ...] = ()
    where: Any = ""
    overdue: str = ""
    done: str = ""
    color: str = "blue"
    common: bool = True
    name: str = "calendar"
    label: Text = T("日历", "Calendar")


@dataclass(frozen=True)
class KeyFigure:
    """A figure that stands in the header of a record: what `measure` (`count`, `sum:field`) makes of the records of `object` whose
    `link` leads here and for which `where` holds. It opens exactly those."""

    object: str
    link: str
    measure: str
    label: Text
    where: str = ""


@dataclass(frozen=True)
class Record:
    """The page of one record: key figures, then groups of fields; related lists follow from the links to it.

    children: objects whose records are parts of this one, in an order of their own, and are edited on its page: they have
    a link to it and a field `order`. figures: what its other records come to, beside the highlights.
    """

    highlights: tuple[str, ...] = ()
    groups: tuple[tuple[Text, tuple[str, ...]], ...] = ()
    related: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    figures: tuple[KeyFigure, ...] = ()
    name: str = "record"
    label: Text = T("详情", "Record")


@dataclass(frozen=True)
class Box:
    """Records that are written from the pages of what they are about: a few inputs, first on the page of every record that
    a link of `on` leads to.

    text: what is written. kind: a choice, offered as buttons. due: when there is something to do next, with quick choices.
    files: a file field. mentions: many-links to people named in the text. about: links offered beside, to records that have
    a link of `on` in common with the page's record. choices: choices offered beside, none of them needed. consents: which purpose a kind of contact needs a consent for, by the kind's key: where the
    person took it back, the box says so.
    """

    on: tuple[str, ...]
    text: str
    kind: str = ""
    due: str = ""
    files: str = ""
    mentions: str = ""
    about: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    consents: Mapping[str, str] = field(default_factory=dict)
    name: str = "box"
    label: Text = T("写跟进", "Write")

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.text, *(name for name in (self.kind, self.due, self.files, self.mentions) if name), *self.about, *self.choices)


@dataclass(frozen=True)
class Along:
    """A record of another object that may be made in the form of a new one, together with it: `link` of `object` leads to the new
    record, `fields` are what is asked of it. With none of them filled in, none is made."""

    object: str
    link: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """Fields in order, for creating and editing. `offline`: a new record may be written without a connection and is sent later.
    `short`: the few a new record asks for at once; the others wait behind one click, as do none while it is empty. `along`: what may be
    made with it. `offered`: whether lists offer to make one; what is always about something is made where that is."""

    fields: tuple[str, ...]
    name: str = "form"
    label: Text = T("表单", "Form")
    offline: bool = False
    short: tuple[str, ...] = ()
    along: Along | None = None
    offered: bool = True


View = List | Board | Calendar | Record | Box | Form

BUILT_IN = ("create", "update", "delete", "restore")
SHARING = ("assign", "share", "unshare")
READING = ("read", "print", "export", "import", "reveal")
AMEND = "amend"
"""To update what was written, after the hours in which only its author may."""
PERSONAL = ("read", *BUILT_IN)
"""What everybody may do with personal records of their own, and with what they write about other records; other verbs need a role's grant as everywhere."""
SHARED_WITH = ("user", "role", "department")


def _system_fields() -> dict[str, Field]:
    out: dict[str, Field] = {
        "created_at": DateTime(T("创建时间", "Created"), readonly=True),
        "created_by": Person(T("创建人", "Created by"), readonly=True),
        "updated_at": DateTime(T("最后修改", "Last changed"), readonly=True),
        "updated_by": Person(T("修改人", "Changed by"), readonly=True),
        "deleted_at": DateTime(T("删除时间", "Deleted"), readonly=True),
    }
    for name, one in out.items():
        one.name = name
        one.system = True
    return out


_MADE = Action("create", lambda draft, context: None, T("建立", "Set up"), internal=True)
"""How the seed makes the record of an object that has one only."""

SYSTEM_FIELDS = tuple(_system_fields())
RESERVED = {"id", "version", "custom", "workspace", "workspace_id", *SYSTEM_FIELDS}


@dataclass(frozen=True, eq=False)
class Definition:
    """One kind of record as the program works with it, whether a class declared it or an administrator did.

    `fields` holds the declared ones in order, then the workspace's custom ones, then the system's.
    """

    name: str
    plural: str
    label: Text
    doc: str
    icon: str
    group: str
    title: str
    subtitle: tuple[str, ...]
    parent: str
    touches: str
    policy: Policy
    fields: Mapping[str, Field]
    verbs: Mapping[str, Action | None]
    checks: tuple[Callable[..., Any], ...] = ()
    effects: tuple[Callable[..., Any], ...] = ()
    views: tuple[View, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    module: str = ""
    single: bool = False
    about: Text | None = None
    letters: str = ""
    pooling: Pooling | None = None
    follows: Mapping[str, Condition] = field(default_factory=dict)
    hands: str | None = ""
    duplicates: Matching | None = None
    tells: tuple[Tells, ...] = ()
    attended: Attended | None = None
    grouped: bool = False
    intake: Intake | None = None
    sought: bool = True

    @property
    def table(self) -> str:
        """The table of the object's rows; one name for each object, no module in it, because names are unique."""
        return f"gx_{self.name}"

    @property
    def normal(self) -> str:
        """The column that keeps the title in the form texts are compared in, where that differs; "" for other titles."""
        one = self.fields.get(self.title)
        return f"{self.title}_normal" if type(one) is TextField and not one.custom else ""

    @property
    def initial(self) -> str:
        """The column that keeps the letter a title is looked up under (`base.pinyin.initial`); "" when nobody looks so."""
        return f"{self.title}_initial" if self.letters else ""

    def view(self, kind: type[Any], name: str = "") -> Any:
        """The view of a kind (by name, else the first), or None."""
        return next((v for v in self.views if isinstance(v, kind) and (not name or v.name == name)), None)

    def links(self) -> list[Link]:
        return [f for f in self.fields.values() if isinstance(f, Link)]

    def many_links(self) -> list[Links]:
        return [f for f in self.fields.values() if isinstance(f, Links)]

    @property
    def owned(self) -> bool:
        return "owner" in self.fields


class Object:
    """A kind of record. Subclass it and give fields and a policy; the class is a declaration, never an instance.

    class Opportunity(Object, label=T("商机", "Opportunity"), title="name"): ...

    In the class line:
      label             what people call it; required
      name, plural      default: snake_case of the class name and its plural, which is the API's address
      icon, group       a glyph, and the part of the navigation it appears in
      title, subtitle   the field a record is called by (default: the first text field); more that tell namesakes apart
      parent            the link that makes a tree of the object itself
      touches           "access", "catalog" or "views" when a change alters rights, what exists, or how it is shown
      single            one record per workspace, made by the seed: people neither create nor delete it
      about             one sentence for people: what these records are for
      letters           "names" or "people" when records are looked up by the initial of their title, A to Z by pinyin; of
                        people the first sign is read as a surname
      follows           links along which a record may change hands together with the one it links to, while both have the same
                        owner: of each link which records, as a condition in words ("" for all), such as {"customer": "status = open"}
      hands             which records go to a successor when their owner leaves, as a condition in words: "" (all) when not said,
                        None when the owner is who did it and stays so
      sought            False when nobody looks for its records in the search
    In the body, beside the fields:
      policy            required
      checks            functions (draft, context) that raise Invalid
      effects           functions (draft, context) run after the write, in its transaction, acting through the door
      actions, views    verbs and ways of showing
      pooling           how its records lie in pools, see `declare.pooling`
      duplicates        what tells its records apart, see `declare.matching`
      tells             whom its events and instants concern, see `declare.notices`
      attended          when its records count as left unattended, see `declare.attending`
      grouped           True when people put its records into groups, see `declare.grouping`
      intake            when visitors of a public form make its records, see `declare.intake`
      unique            groups of fields unique together, bin excluded
      indexes           orders that lists need, such as ("owner", "-amount")
    """

    definition: ClassVar[Definition]
    policy: ClassVar[Policy]
    checks: ClassVar[Iterable[Callable[..., Any]]] = ()
    effects: ClassVar[Iterable[Callable[..., Any]]] = ()
    actions: ClassVar[Iterable[Action]] = ()
    views: ClassVar[Iterable[View]] = ()
    unique: ClassVar[Iterable[tuple[str, ...]]] = ()
    indexes: ClassVar[Iterable[tuple[str, ...]]] = ()
    pooling: ClassVar[Pooling | None] = None
    duplicates: ClassVar[Matching | None] = None
    tells: ClassVar[Iterable[Tells]] = ()
    attended: ClassVar[Attended | None] = None
    intake: ClassVar[Intake | None] = None

    def __init_subclass__(
        cls,
        *,
        label: Text | None = None,
        name: str = "",
        plural: str = "",
        icon: str = "record",
        group: str = "",
        title: str = "",
        subtitle: tuple[str, ...] = (),
        parent: str = "",
        touches: Literal["", "access", "catalog", "views"] = "",
        single: bool = False,
        about: Text | None = None,
        letters: Literal["", "names", "people"] = "",
        follows: Mapping[str, str] | None = None,
        hands: str | None = "",
        sought: bool = True,
        grouped: bool = False,
    ) -> None:
        where = f"{cls.__module__}.{cls.__qualname__}"
        own = {key: value for key, value in vars(cls).items() if isinstance(value, Field)}
        if not isinstance(cls.__dict__.get("policy"), Policy):
            raise DeclarationError(f"{where} has no policy. Say who may read and write it: policy = Policy(...)")
        if label is None:
            raise DeclarationError(f"{where} has no label in both languages: class X(Object, label=T('…', '…'))")
        doc = (cls.__doc__ or "").strip()
        if not doc:
            raise DeclarationError(f"{where} has no docstring saying what it is")
        name = name or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        title = title or next((n for n, f in own.items() if isinstance(f, TextField)), "")
        actions, views, checks = tuple(cls.actions), tuple(cls.views), tuple(cls.checks)
        if cls.pooling is not None:
            if "owner" not in own:
                raise DeclarationError(f"{where} lies in pools but has no owner")
            own |= pool_fields(cls.pooling)
            actions += tuple(_declared_action(one) for one in pool_actions(cls.pooling))
            views, checks = _pool_views(views, cls.pooling), (pool_settle, *checks)
        if cls.attended is not None:
            own |= attended_fields()
            views = _attended_views(views, title, cls.attended)
        if grouped:
            own[GROUPS] = named(GROUPS, group_field())
            actions += tuple(Action(verb, run, said, inputs=tuple(named(*one) for one in inputs.items()), right="read") for verb, (run, said, inputs) in group_verbs().items())
        if cls.duplicates is not None:
            own |= merge_fields(name)
            actions += tuple(_declared_action(one) for one in merge_actions(name))
        verbs: dict[str, Action | None] = dict.fromkeys(BUILT_IN) if not single else {"create": _MADE, "update": None}
        if "owner" in own:
            verbs |= dict.fromkeys({"personal": ("assign",), "about": ()}.get(cls.policy.read, SHARING))
        for action in actions:
            if action.name in verbs or action.name in READING:
                raise DeclarationError(f"{where}: the verb {action.name!r} exists already")
            verbs[action.name] = action
        cls.definition = Definition(
            name=name,
            plural=plural or _plural(name),
            label=label,
            doc=doc,
            icon=icon,
            group=group,
            title=title,
            subtitle=subtitle,
            parent=parent,
            touches=touches,
            policy=cls.policy,
            fields={**own, **_system_fields()},
            verbs=verbs,
            checks=checks,
            effects=tuple(cls.effects),
            views=views,
            unique=tuple(tuple(group) for group in cls.unique),
            indexes=tuple(tuple(group) for group in cls.indexes),
            single=single,
            about=about,
            letters=letters,
            pooling=cls.pooling,
            follows={link: from_text(where) if where else Always() for link, where in (follows or {}).items()},
            hands=hands,
            duplicates=cls.duplicates,
            attended=cls.attended,
            grouped=grouped,
            intake=cls.intake,
            tells=_tells(tuple(cls.tells), "owner" in own and cls.policy.read == "scope" and hands is not None),
            sought=sought,
        )
        _check(cls.definition, own, where)


def _tells(tells: tuple[Tells, ...], owned: bool) -> tuple[Tells, ...]:
    """Who is given a record of daily work is told, unless the object says it in its own words."""
    said = any(isinstance(one, Named) and one.field == "owner" for one in tells)
    return tells if said or not owned else (Named(ASSIGNED), *tells)


def _check(it: Definition, own: Mapping[str, Field], where: str) -> None:
    for name, one in own.items():
        if name in RESERVED or not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
            raise DeclarationError(f"{where}.{name}: this name is taken by the kernel or not snake_case")
        if one._label is None:
            raise DeclarationError(f"{where}.{name} has no label in both languages")
    if it.title not in own:
        raise DeclarationError(f"{where}: title {it.title!r} is not one of its fields")
    if it.letters and not it.normal:
        raise DeclarationError(f"{where}: letters are for objects called by a plain text")
    if it.policy.read == "scope" and "owner" not in own and not it.policy.through:
        raise DeclarationError(f"{where} is read by scope but has neither an owner nor a link it is read through")
    for link in it.policy.through:
        if not isinstance(own.get(link), Link):
            raise DeclarationError(f"{where}: policy.through names {link!r}, which is not a link")
    personal, about = it.policy.read == "personal", it.policy.read == "about"
    if about and not (isinstance(own.get("object_name"), TextField) and isinstance(own.get("record"), TextField) and "owner" in own):
        raise DeclarationError(f"{where} is about other records: it has an owner, and object_name and record say which it is about")
    if (personal or about) != (it.policy.write == "personal"):
        raise DeclarationError(f"{where}: reading and writing are both personal or neither")
    if personal and ("owner" not in own or it.policy.through):
        raise DeclarationError(f"{where} is personal: it has an owner and is not read through a link")
    if it.policy.read == "pair" and not (isinstance(own.get("object_name"), Choice) and all(isinstance(own.get(name), TextField) for name in ("record", "other")) and it.policy.write == "role"):
        raise DeclarationError(f"{where} is of two records: object_name, record and other say which, and roles write it")
    for name in it.policy.readers:
        by = own.get(name)
        if it.policy.read == "scope" and isinstance(by, Links) and by.target == "user":
            continue
        if not personal or not (isinstance(by, Boolean) or (isinstance(by, Links) and by.target in SHARED_WITH)):
            raise DeclarationError(f"{where}: policy.readers names {name!r}; a personal object's readers are a boolean or many-links to {', '.join(SHARED_WITH)}, those of one read by scope many-links to user")
    for name in it.follows:
        if not isinstance(own.get(name), Link) or "owner" not in own:
            raise DeclarationError(f"{where}: follows names {name!r}; it needs an owner and a link of that name")
    if it.parent and not isinstance(own.get(it.parent), Link):
        raise DeclarationError(f"{where}: parent {it.parent!r} is not a link")
    for action in it.verbs.values():
        for path in action.form if action else ():
            if path not in own:
                raise DeclarationError(f"{where}: an action writes {path!r}, which is not a field")
        if action is not None and not set(action.needs) <= set(action.form):
            raise DeclarationError(f"{where}: an action needs what it does not write: {', '.join(sorted(set(action.needs) - set(action.form)))}")
        for one in action.inputs if action else ():
            if not one.name:
                raise DeclarationError(f"{where}: an action's input has no name: named('…', Field(…))")
    for view in it.views:
        for path in _paths(view):
            if path.lstrip("-").split(".")[0] not in it.fields:
                raise DeclarationError(f"{where}: view {view.name!r} shows {path!r}, which is not a field")
        for verb in view.moves.values() if isinstance(view, Board) else ():
            if verb not in it.verbs:
                raise DeclarationError(f"{where}: view {view.name!r} moves cards by {verb!r}, which is not a verb")
    for path in (it.attended.last, it.attended.planned) if it.attended else ():
        if not isinstance(own.get(path), DateTime) or "owner" not in own:
            raise DeclarationError(f"{where}: attended names {path!r}, which is no instant, or has no owner")
    for path in (*it.intake.called, *it.intake.asked, *it.intake.words, *it.intake.ours, *filter(None, (it.intake.source, it.intake.note))) if it.intake else ():
        if path not in own:
            raise DeclarationError(f"{where}: intake names {path!r}, which is not a field")
    for path in (*it.duplicates.asked, *([it.duplicates.contacted] if it.duplicates.contacted else [])) if it.duplicates else ():
        if path not in own:
            raise DeclarationError(f"{where}: duplicates name {path!r}, which is not a field")
    for tell in it.tells:
        said = own.get(tell.field if isinstance(tell, Named) else tell.at)
        fits = isinstance(said, Link | Links) and said.target == "user" if isinstance(tell, Named) else isinstance(said, DateTime) and "owner" in own
        fits = fits and all(isinstance(by := own.get(name), Links) and by.target == "user" for name in getattr(tell, "also", ()))
        if not fits:
            raise DeclarationError(f"{where}: tells {tell.kind.key!r} by something that names nobody, or no instant")
    for group in (*it.unique, *it.indexes):
        for path in group:
            if path.lstrip("-") not in it.fields:
                raise DeclarationError(f"{where}: an index is over {path!r}, which is not a field")


def _declared_action(one: Any) -> Action:
    """An action of a pool or of duplicates, whose function is found when it runs."""
    inputs = tuple(named(name, field) for name, field in one.inputs.items())
    if isinstance(one, MergeAction):
        return Action(one.name, one.run(), one.label, inputs=inputs, right=one.right, listed=False)
    return Action(one.name, one.run(), one.label, inputs=inputs, offered=one.offered, leaves=one.leaves, internal=one.internal, right=one.right)


def _pool_views(views: tuple[View, ...], pooling: Pooling) -> tuple[View, ...]:
    """The lists of what lies in pools and of what soon will, and the fields on the record's page, before the last group."""
    out: list[View] = []
    group = (
        pooling.label,
        ("pool", "pooled_at", "previous_owner", "return_reason", "return_note", "recycle_rule", "from_pool", "owned_since", "days_left", "protected_until", "locked_at", "locked_until"),
    )
    for view in views:
        if isinstance(view, Record) and view.groups:
            view = replace(view, groups=(*view.groups[:-1], group, view.groups[-1]))
        out.append(view)
    lists = [i for i, view in enumerate(out) if isinstance(view, List)]
    after = lists[-1] + 1 if lists else 0
    more = pooling.columns[:1]
    label = pooling.label
    return (
        *out[:after],
        List(
            columns=(*pooling.columns, "pooled_at", "previous_owner", "return_reason", "pool"),
            sort=("-pooled_at",),
            filters=(*((pooling.by,) if pooling.by else ()), "pool", "return_reason", "previous_owner", "pooled_at"),
            where="pool not empty",
            name="pool",
            label=label,
            waiting=True,
        ),
        List(
            columns=(*more, *((pooling.by,) if pooling.by else ()), "days_left", "owned_since", "owner"),
            sort=("days_left",),
            filters=("owner", *((pooling.by,) if pooling.by else ())),
            where="leaving = true",
            name="leaving",
            label=T(f"待进{label.zh}", f"Soon in {label.en.lower()}"),
        ),
        *out[after:],
    )


def _attended_views(views: tuple[View, ...], title: str, attended: Attended) -> tuple[View, ...]:
    """The list of what is left unattended, after the object's other lists."""
    after = max((i for i, view in enumerate(views) if isinstance(view, List)), default=-1) + 1
    columns = (title, *attended.columns, "quiet_days", attended.last, "owner")
    made = List(columns=columns, sort=("-quiet_days",), filters=(*attended.columns, "owner"), where="unattended = true", name="unattended", label=UNATTENDED)
    return (*views[:after], made, *views[after:])


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def _paths(view: View) -> Iterable[str]:
    match view:
        case List():
            return (*view.columns, *view.sort, *view.filters)
        case Board():
            return (view.by, *view.card, *view.sort, *(path for path in (view.total, view.since, view.limit) if path))
        case Calendar():
            return (view.date, *view.card, *([view.end] if view.end else []))
        case Record():
            return (*view.highlights, *(path for _, group in view.groups for path in group))
        case Box():
            return (*view.on, *view.fields)
        case Form():
            return (*view.fields, *view.short)


def named(name: str, one: Field) -> Field:
    """A field outside a class body: an action's input."""
    one.name = name
    return one


@dataclass(frozen=True)
class Grant:
    """What one role may do with one object: verbs, how far it reads and writes, and field levels."""

    verbs: tuple[str, ...] = ("read",)
    read: Scope = "own"
    write: Scope = "own"
    fields: Mapping[str, Level] = field(default_factory=dict)
    departments: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"verbs": list(self.verbs), "read": self.read, "write": self.write}
        if self.fields:
            out["fields"] = dict(self.fields)
        if self.departments:
            out["departments"] = list(self.departments)
        return out


@dataclass(frozen=True)
class Module:
    """A folder's manifest: what it declares and what it needs.

    grants: role key → object name → Grant, for the built-in roles. seed(desk): writes the records a new workspace
    starts with, through the door. demo(desk): the believable sample company. counters, figures: what its records put on
    the first page. dashboards: the standard ones, which people may copy. captures: what pasted text may become.
    help: pages about working with its objects.
    """

    name: str
    label: Text
    objects: tuple[type[Object], ...]
    needs: tuple[str, ...] = ()
    grants: Mapping[str, Mapping[str, Grant]] = field(default_factory=dict)
    counters: tuple[Counter, ...] = ()
    figures: tuple[Figure, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    captures: tuple[Capture, ...] = ()
    help: tuple[Help, ...] = ()
    seed: Callable[..., None] | None = None
    demo: Callable[..., None] | None = None
