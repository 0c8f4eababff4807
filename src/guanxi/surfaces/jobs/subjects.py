"""One person's own copy: all that is kept of the records a request names, as JSON for programs and as a page to read, with its files, in one archive."""

from __future__ import annotations

import shutil
import zipfile
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec

from guanxi.base.errors import Forbidden, Invalid, NotFound
from guanxi.base.ids import parse_id
from guanxi.base.text import T
from guanxi.kernel import files, jobs
from guanxi.kernel.access import rights as access
from guanxi.kernel.access.actor import Actor
from guanxi.kernel.records import auditing, reading, subjects
from guanxi.kernel.records.reading import guard_of
from guanxi.surfaces.jobs.bulk import chunks

NAME = "subject_request"


def wanted(actor: Actor, request: UUID) -> dict[str, Any]:
    """What a job needs to know. Raises NotFound, Forbidden, and Invalid where no record is ticked."""
    if not access.may(actor.rights, guard_of(actor).object(NAME), "export"):
        raise Forbidden()
    if not reading.get(NAME, request, actor=actor, fields=["records"])["records"]:
        raise Invalid.field("records", "required", "请先勾选属于本人的记录。", "Tick first which records are this person's.")
    return {"object": NAME, "request": str(request), "address": actor.address}


def run(found: jobs.Job) -> None:
    """Write it; from the start again after a crash."""
    actor = jobs.actor_of(found, "export")
    request = reading.get(NAME, found.wanted["request"], actor=actor)
    told = subjects.told(request, actor=actor)
    folder = jobs.scratch(found)
    path = folder / "copy.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in told:
            one["files"] = _files(actor, one, archive)
        archive.writestr("data.json", msgspec.json.format(msgspec.json.encode({"request": request["number"], "made_at": datetime.now(UTC), "records": told}), indent=1))
        archive.writestr("index.html", _page(request, told, actor.language))
    kept = jobs.keep(actor, f"{request['number']}.zip", chunks(path))
    shutil.rmtree(folder, ignore_errors=True)
    auditing.copied(actor, request["id"], len(told))
    jobs.finish(found, "done", {"file": str(kept), "rows": len(told)}, total=len(told))


def _files(actor: Actor, one: dict[str, Any], archive: zipfile.ZipFile) -> list[dict[str, str]]:
    """Put the files of a record into the archive; where each stands there. Those the actor may not open are not the person's to get here."""
    out: list[dict[str, str]] = []
    for field in one["fields"]:
        for item in field["value"] if isinstance(field["value"], list) else ():
            id = parse_id(str(item.get("file", ""))) if isinstance(item, dict) else None
            if id is None:
                continue
            try:
                opened = files.open_file(actor, one["object"], one["id"], field["field"], id, deleted=one["deleted"])
            except NotFound:
                continue
            at = f"files/{one['object']}-{one['id'][-12:]}/{len(out) + 1}-{opened.name}"
            archive.write(opened.path, at)
            out.append({"field": field["field"], "name": opened.name, "path": at})
    return out


def _page(request: dict[str, Any], told: list[dict[str, Any]], language: str) -> str:
    def t(zh: str, en: str) -> str:
        return T(zh, en).for_(language)

    parts = [
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(request["number"])}</title>'
        "<style>body{font:15px/1.6 system-ui,sans-serif;max-width:820px;margin:32px auto;padding:0 16px}table{border-collapse:collapse;width:100%}"
        "th,td{border:1px solid #ccc;padding:4px 8px;text-align:left;vertical-align:top}th{width:30%;font-weight:500}h2{margin-top:32px}</style>",
        f"<h1>{escape(t('我们保存的您的个人信息', 'What we keep of you'))}</h1><p>{escape(request['number'])} · {datetime.now(UTC):%Y-%m-%d %H:%M} UTC</p>",
    ]
    for one in told:
        parts.append(f"<h2>{escape(one['label'])}{escape(t('（回收站）', ' (bin)')) if one['deleted'] else ''}</h2><table>")
        parts += [f"<tr><th>{escape(field['label'])}</th><td>{escape(field['shown'])}</td></tr>" for field in one["fields"]]
        parts.append("</table>")
        if one["files"]:
            parts.append(f"<h3>{escape(t('文件', 'Files'))}</h3><ul>")
            parts += [f'<li><a href="{quote(file["path"])}">{escape(file["name"])}</a></li>' for file in one["files"]]
            parts.append("</ul>")
        if one["consents"]:
            parts.append(f"<h3>{escape(t('同意与依据', 'Consents'))}</h3><ul>")
            for consent in one["consents"]:
                until = f" – {consent['withdrawn_at']:%Y-%m-%d}" if consent["withdrawn_at"] else ""
                parts.append(f"<li>{escape(consent['purpose'])}: {consent['given_at']:%Y-%m-%d}{until}</li>")
            parts.append("</ul>")
        parts.append(f"<p>{escape(t('变更次数', 'Times changed'))}: {len(one['history'])}</p>")
    return "".join(parts) + "</html>"
