"""Field types: everything one type of attribute knows, in one place.

A field answers for its type: which columns it needs and how a value travels to them and back; how a custom field of the
same type is read out of the row's JSON; which operators a filter may use; how input from a program or from a person is
checked; how it sorts; what the OpenAPI file says about it; which widget edits it; how it is masked and shown; and what
the search finds it by. Nothing here knows a database or a page: storage, surfaces and search ask.

Values have one canonical Python form everywhere behind the door (drafts, events, rows): `str`, `int`, `Decimal`, `bool`,
`date`, aware UTC `datetime`, `UUID` for links, lists of `str` or `UUID`, and small dicts for money, region and files.
"""

from __future__ import annotations

from guanxi.kernel.declare.fields.choices import Choice, Industry, MultiChoice, Tags
from guanxi.kernel.declare.fields.core import (
    EQUALITY,
    MARKS,
    MAX_TEXT,
    ORDER,
    PRESENCE,
    SETS,
    TEXTUAL,
    Field,
    FieldProblem,
    Option,
    Part,
    Settings,
)
from guanxi.kernel.declare.fields.documents import MAX_JSON, File, Image, Json
from guanxi.kernel.declare.fields.links import Department, Departments, Link, Links, Owner, Person, Stage
from guanxi.kernel.declare.fields.numbers import LIMIT, Boolean, Integer, Money, Number, Percent
from guanxi.kernel.declare.fields.places import Phone, Region
from guanxi.kernel.declare.fields.texts import (
    DAY_PARTS,
    MAX_LONG_TEXT,
    AutoNumber,
    Email,
    LongText,
    RichText,
    TextField,
    Url,
)
from guanxi.kernel.declare.fields.times import Date, DateTime

__all__ = ["DAY_PARTS", "EQUALITY", "KINDS", "LIMIT", "MARKS", "MAX_JSON", "MAX_LONG_TEXT", "MAX_TEXT", "ORDER", "PRESENCE", "SETS", "TEXTUAL", "AutoNumber", "Boolean", "Choice", "Date", "DateTime", "Department", "Departments", "Email", "Field", "FieldProblem", "File", "Image", "Industry", "Integer", "Json", "Link", "Links", "LongText", "Money", "MultiChoice", "Number", "Option", "Owner", "Part", "Percent", "Person", "Phone", "Region", "RichText", "Settings", "Stage", "Tags", "TextField", "Url"]

KINDS: dict[str, type[Field]] = {
    cls.kind: cls
    for cls in (
        TextField, LongText, RichText, Integer, Number, Money, Percent, Boolean, Date, DateTime, Choice, MultiChoice,
        Tags, Phone, Email, Url, Region, Industry, Link, Links, Person, Department, Owner, Stage, File, Image,
        AutoNumber, Json,
    )
}
"""Every field type by the name used in the API, in custom fields and in docs."""
