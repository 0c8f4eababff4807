"""Intake: what an object says about records that visitors of a public form make (`intake = Intake(…)` in its body)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from guanxi.base.text import Text
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
    TextField,
    Url,
)

KINDS: tuple[type[Field], ...] = (TextField, LongText, Choice, MultiChoice, Email, Phone, Url, Integer, Number, Date, Boolean)
"""What a stranger can be asked for in a plain input."""


@dataclass(frozen=True)
class Intake:
    """called: what the record is called by when its title is not asked for, the first that are filled in. asked: what a new form asks
    for. words: how a field is called to a visitor. ours: what colleagues say of a record, which no visitor is asked. source: the choice that
    says where a record came from; note: the text beside it."""

    called: tuple[str, ...]
    asked: tuple[str, ...]
    words: Mapping[str, Text] = field(default_factory=dict)
    ours: tuple[str, ...] = ()
    source: str = ""
    note: str = ""


def askable(intake: Intake, fields: Mapping[str, Field]) -> list[Field]:
    """The fields that a public form may ask for."""
    ours = {*intake.ours, intake.source, intake.note}
    return [
        one for name, one in fields.items()
        if type(one) in KINDS and name not in ours and not (one.readonly or one.system or one.virtual or one.computed is not None or one.personal == "sensitive")
    ]  # fmt: skip
