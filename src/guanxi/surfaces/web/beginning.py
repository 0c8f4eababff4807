"""What to do where there is nothing yet: the ways to the first record of an object that this person has."""

from __future__ import annotations

from guanxi.base.text import T, Text
from guanxi.kernel import sample
from guanxi.kernel.declare.objects import Definition, Form
from guanxi.surfaces.web import words
from guanxi.surfaces.web.visit import Visit


def offered(it: Definition) -> bool:
    """Whether a new record may be begun from a list, rather than only where it is about something."""
    form: Form | None = it.view(Form)
    return form is None or form.offered


def ways(visit: Visit, it: Definition) -> list[tuple[str, Text]]:
    """(address, label) of each way, the usual first: create one, import many, look at the sample company."""
    out: list[tuple[str, Text]] = []
    if visit.may(it, "create") and offered(it):
        out.append((f"/{it.plural}/new", words.new(it)))
        if visit.may(it, "import"):
            out.append((f"/{it.plural}/import", T("从表格导入", "Import from a sheet")))
    if it.group not in ("", "settings") and sample.may_bring(visit.actor) and sample.state(visit.actor) != "present":
        out.append(("/settings/sample", T("先看看示例数据", "Look at sample data first")))
    return out
