"""Group robots: a reader of the journal that writes down what is to be told outside, and the sending of it.

A message that fails is tried again six times in about three hours, and then given up; the robot's record says how the last went.
It may arrive twice when a worker dies between sending and noting it: a webhook's id is the same then.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from guanxi.base.errors import Problem
from guanxi.base.text import T, Text
from guanxi.kernel.access.actor import Actor, automation, system
from guanxi.kernel.catalog.catalog import Catalog
from guanxi.kernel.catalog.robots import PURPOSE, WHSEC
from guanxi.kernel.declare.conditions import Test
from guanxi.kernel.fetching import Answer, Failed, send
from guanxi.kernel.records import door, people
from guanxi.kernel.sealing import opened
from guanxi.kernel.storage import deliveries, sql
from guanxi.kernel.storage import rows as storage

SILENT_WAYS = ("demo", "setup", "sample", "import")
LEASE = timedelta(minutes=2)
BACK_OFF = (timedelta(seconds=20), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
MOST = 1_500
"""Letters of a text: robots cut or refuse longer ones."""


def handle(events: Sequence[dict[str, Any]], actor: Actor) -> None:
    """Read a part of the journal."""
    catalog = people.newest(actor.workspace)
    robots = storage.fetch(catalog, catalog.objects["robot"], Test("sealed", "not empty"), links=False)
    now = datetime.now(UTC)
    for event in events if robots else ():
        if event["via"] in SILENT_WAYS or event["object"] not in catalog.objects:
            continue
        for robot in robots:
            message = _message(catalog, robot, event)
            if message is not None:
                deliveries.put(actor.workspace, robot["id"], message, now)


def _message(catalog: Catalog, robot: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the robot is told of an event, or None."""
    if event["object"] == "robot":
        mine = event["verb"] == "try_out" and event["record_id"] == robot["id"]
        return {"type": "test", "text": "关系 CRM：测试消息，收到即表示设置正确。 / Guanxi CRM: a test message; it arrived, so all is well."} if mine else None
    if not robot["enabled"]:
        return None
    it = catalog.objects[event["object"]]
    base = {"at": event["at"].isoformat() if isinstance(event.get("at"), datetime) else None, "object": it.name, "record": str(event["record_id"]), "verb": event["verb"]}
    if it.name == "announcement":
        rows = storage.fetch(catalog, it, Test("id", "in", [event["record_id"]]), links=False) if event["verb"] == "create" else []
        if not rows or not rows[0]["everyone"] or rows[0]["kind"] not in (robot["announcements"] or ()):
            return None
        return {**base, "type": rows[0]["kind"], "text": f"【{rows[0]['subject']}】\n{rows[0]['text']}"[:MOST]}
    if f"{it.name}.{event['verb']}" not in (robot["events"] or ()):
        return None
    who = _name(catalog, event["actor_id"])
    action = it.verbs.get(event["verb"])
    done: Text = action.label if action is not None else T("新建", "Create")
    return {**base, "type": f"{it.name}.{event['verb']}", "text": f"{who} {done.zh}：{it.label.zh} / {who}: {done.en}, {it.label.en}\n/{it.plural}/{event['record_id']}"}


def _name(catalog: Catalog, user: UUID | None) -> str:
    rows = storage.fetch(catalog, catalog.objects["user"], Test("id", "in", [user]), links=False, deleted=None) if user else []
    return rows[0]["name"] if rows else "系统"


# -- sending -----------------------------------------------------------------------------------------------------------


def deliver(workspace: UUID, now: datetime | None = None) -> int:
    """Send what is due; returns how many messages were tried. Safe to call at any time and from several workers."""
    actor, tried = automation(system(workspace, via="robots")), 0
    while True:
        at = now or datetime.now(UTC)
        with sql.work(workspace):
            found = deliveries.take(workspace, at, LEASE)
            catalog = people.newest(workspace)
            rows = storage.fetch(catalog, catalog.objects["robot"], Test("id", "in", [found[1]]), links=False) if found else []
        if found is None:
            return tried
        tried += 1
        id, robot, message, attempts, _ = found
        result, over = _try(rows[0], id, message, at) if rows else (None, True)
        with sql.work(workspace):
            if over or attempts > len(BACK_OFF):
                deliveries.done(id)
            else:
                deliveries.again(id, at + BACK_OFF[attempts - 1])
            if result is not None and rows:
                text = result if over or attempts > len(BACK_OFF) else T(f"{result.zh}（第 {attempts} 次，稍后再试）", f"{result.en} (attempt {attempts}, will be tried again)")
                with contextlib.suppress(Problem):  # the robot went meanwhile
                    door.perform("robot", "reported", actor=actor, id=robot, inputs={"result": f"{text.zh} / {text.en}"})


def _try(robot: Mapping[str, Any], id: UUID, message: Mapping[str, Any], now: datetime) -> tuple[Text, bool]:
    """Send one message; what became of it, and whether that is the end of it."""
    held = opened(PURPOSE, robot["id"], robot["sealed"] or "")
    if held is None:
        return T("地址读不出来，请重新设置", "The address cannot be read; set it again"), True
    kept = json.loads(held)
    try:
        url, body, headers = request(robot["kind"], kept["address"], kept["secret"], str(id), message, now)
        answer = send(url, body, headers)
    except Failed as failed:
        return failed.text, False
    except Problem as problem:
        return (problem.errors[0].message if problem.errors else problem.detail), True
    if taken(robot["kind"], answer):
        return T("已送达", "Delivered"), True
    return T(f"对方回答 {answer.status}，没有接受", f"It answered {answer.status} and did not take it"), 400 <= answer.status < 500 and answer.status not in (408, 429)


def request(kind: str, address: str, secret: str, id: str, message: Mapping[str, Any], now: datetime) -> tuple[str, bytes, dict[str, str]]:
    """Address, body and headers of a message, as each kind of robot wants them."""
    text = str(message["text"])
    if kind == "wecom":
        return address, _json({"msgtype": "text", "text": {"content": text}}), {}
    if kind == "dingtalk":
        body = _json({"msgtype": "text", "text": {"content": text}})
        if not secret:
            return address, body, {}
        at = str(int(now.timestamp() * 1000))
        sign = _mac(secret.encode(), f"{at}\n{secret}".encode())
        return f"{address}{'&' if '?' in address else '?'}timestamp={at}&sign={quote_plus(sign)}", body, {}
    if kind == "feishu":
        told: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if secret:
            at = str(int(now.timestamp()))
            told = {"timestamp": at, "sign": _mac(f"{at}\n{secret}".encode(), b""), **told}
        return address, _json(told), {}
    body, at = _json({"type": message["type"], "timestamp": now.isoformat(), "data": dict(message)}), str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(WHSEC)) if secret.startswith(WHSEC) else secret.encode()
    signed = _mac(key, f"{id}.{at}.".encode() + body)
    return address, body, {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": f"v1,{signed}"}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _mac(key: bytes, what: bytes) -> str:
    return base64.b64encode(hmac.new(key, what, hashlib.sha256).digest()).decode()


def taken(kind: str, answer: Answer) -> bool:
    """Whether the other side says that it took the message: robots answer 200 also when they did not."""
    if not 200 <= answer.status < 300:
        return False
    if kind == "webhook":
        return True
    try:
        said = json.loads(answer.body)
        return bool(said.get("errcode", said.get("code", said.get("StatusCode"))) == 0)
    except (ValueError, AttributeError):
        return False
