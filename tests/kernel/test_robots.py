"""Group robots: what is told outside, how it is signed, that secrets stay inside and failures are tried again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from guanxi.base.errors import Invalid
from guanxi.kernel import jobs
from guanxi.kernel.automation import robots
from guanxi.kernel.records import door, many, reading, telling
from tests.cast import Cast
from tests.kernel.test_fetching import Server
from tests.kernel.tools import create, raw, read_journal, refused
from tests.surfaces.web.browser import Browser

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
KEY = "hooks-key-7f3a9"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("GUANXI_INTERNAL_HOSTS", "127.0.0.1")
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def _alone(cast: Cast) -> Iterator[None]:
    """Each test has robots of its own."""
    yield
    for row in reading.query("robot", actor=cast.actor("admin"), fields=["id"]).rows:
        door.perform("robot", "delete", actor=cast.actor("admin"), id=row["id"])
    raw("DELETE FROM gx_delivery")


def robot(cast: Cast, address: str, secret: str = SECRET, kind: str = "webhook", **changes: Any) -> UUID:
    admin = cast.actor("admin")
    made = create(admin, "robot", name="群", kind=kind, **changes)
    door.perform("robot", "connect", actor=admin, id=made, inputs={"address": address, "secret": secret})
    return made


def last(cast: Cast, id: UUID) -> str:
    return str(reading.get("robot", id, actor=cast.actor("admin"))["last_result"])


def send(at: datetime | None = None) -> int:
    read_journal()
    while jobs.consume():
        pass
    return jobs.deliver(at)


def test_an_announcement_to_everybody_and_chosen_events_arrive_signed(cast: Cast, server: Server) -> None:
    made = robot(cast, f"http://127.0.0.1:{server.port}/{KEY}", events=["lead.create"])
    create(cast.actor("admin"), "announcement", subject="放假", text="周五放假", everyone=True)
    create(cast.actor("admin"), "announcement", subject="私下", text="只给你", people=[str(cast.users["owner"])])
    create(cast.actor("admin"), "announcement", subject="安排", text="不转", everyone=True, kind="arrangement")
    lead = create(cast.actor("owner"), "lead", name="机密线索")
    create(cast.actor("owner"), "book", name="不选")
    assert send() == 2
    told = [json.loads(body) for _, _, body in server.asked]
    assert [one["type"] for one in told] == ["announcement", "lead.create"]
    assert told[0]["data"]["text"] == "【放假】\n周五放假"
    assert told[1]["data"]["record"] == str(lead) and "王伟" in told[1]["data"]["text"] and "机密" not in json.dumps(told, ensure_ascii=False)
    for _, headers, body in server.asked:
        found = {name.lower(): value for name, value in headers.items()}
        signed = hmac.new(base64.b64decode(SECRET[6:]), f"{found['webhook-id']}.{found['webhook-timestamp']}.".encode() + body, hashlib.sha256).digest()
        assert found["webhook-signature"] == "v1," + base64.b64encode(signed).decode()
        assert abs(int(found["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 300
    assert last(cast, made).startswith("已送达")
    assert send() == 0


def test_a_test_message_is_sent_and_its_result_is_seen(cast: Cast, server: Server) -> None:
    made = robot(cast, f"http://127.0.0.1:{server.port}/ok", enabled=False)
    door.perform("robot", "try_out", actor=cast.actor("admin"), id=made)
    assert send() == 1 and json.loads(server.asked[0][2])["type"] == "test"
    page = Browser("admin").read(f"/robots/{made}")
    assert "已送达" in page and "发送测试消息" in page and "设置地址" in page
    nothing = create(cast.actor("admin"), "robot", name="空")
    with refused(Invalid, "host:required"):
        door.perform("robot", "try_out", actor=cast.actor("admin"), id=nothing)


def test_the_address_is_shown_to_nobody_again(cast: Cast, server: Server) -> None:
    made = robot(cast, f"http://127.0.0.1:{server.port}/{KEY}")
    door.perform("robot", "try_out", actor=cast.actor("admin"), id=made)
    send()
    admin, client = cast.actor("admin"), Browser("admin")
    seen = repr(reading.get("robot", made, actor=admin)) + repr(telling.history("robot", made, actor=admin)) + repr(reading.query("robot", actor=admin).rows)
    seen += client.read(f"/robots/{made}") + client.read(f"/robots/{made}?tab=history") + client.read("/robots") + client.read(f"/robots/{made}/connect")
    seen += repr(raw("SELECT * FROM gx_robot")) + repr(raw("SELECT changes FROM gx_event WHERE object = 'robot'")) + repr(raw("SELECT * FROM gx_delivery"))
    assert KEY not in seen and SECRET not in seen and "127.0.0.1" in seen
    raw("UPDATE gx_delivery SET due_at = now()")
    assert Browser("owner").get(f"/robots/{made}").status_code == 404


def test_failures_are_tried_again_and_then_given_up(cast: Cast, server: Server) -> None:
    made = robot(cast, f"http://127.0.0.1:{server.port}/slow", kind="dingtalk", secret="SECx")
    door.perform("robot", "try_out", actor=cast.actor("admin"), id=made)
    server.server.shutdown()
    server.server.server_close()
    at = datetime.now(UTC) + timedelta(minutes=1)
    assert send(at) == 1 and "第 1 次" in last(cast, made)
    assert jobs.deliver(at + timedelta(seconds=10)) == 0, "not before its time"
    for attempt in range(2, 7):
        at += timedelta(hours=3)
        assert jobs.deliver(at) == 1
        assert (f"第 {attempt} 次" in last(cast, made)) == (attempt < 6)
    assert raw("SELECT count(*) FROM gx_delivery") == [(0,)]


def test_each_kind_gets_its_own_form_and_signature(cast: Cast) -> None:
    now, message = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), {"type": "test", "text": "好"}
    at = int(now.timestamp())
    url, body, _ = robots.request("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", "", "i", message, now)
    assert (url, json.loads(body)) == ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", {"msgtype": "text", "text": {"content": "好"}})
    url, body, _ = robots.request("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=t", "SECk", "i", message, now)
    query = parse_qs(urlsplit(url).query)
    wanted = hmac.new(b"SECk", f"{at * 1000}\nSECk".encode(), hashlib.sha256).digest()
    assert query == {"access_token": ["t"], "timestamp": [str(at * 1000)], "sign": [base64.b64encode(wanted).decode()]}
    url, body, _ = robots.request("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/x", "k", "i", message, now)
    wanted = hmac.new(f"{at}\nk".encode(), b"", hashlib.sha256).digest()
    assert json.loads(body) == {"timestamp": str(at), "sign": base64.b64encode(wanted).decode(), "msg_type": "text", "content": {"text": "好"}}
    for kind, said, fine in (("wecom", b'{"errcode":0}', True), ("wecom", b'{"errcode":93000}', False), ("feishu", b'{"code":19021}', False), ("feishu", b'{"StatusCode":0}', True), ("dingtalk", b"<html>", False), ("webhook", b"", True)):
        assert robots.taken(kind, robots.Answer(200, said)) is fine


@pytest.mark.parametrize(
    ("kind", "address", "field"),
    [
        ("wecom", "https://evil.example.com/x", "address"), ("wecom", "http://qyapi.weixin.qq.com/x", "address"), ("webhook", "https://127.0.0.1/", "address"), ("webhook", "https://[::1]/", "address"),
        ("webhook", "http://example.com/", "address"), ("webhook", "https://169.254.169.254/", "address"), ("feishu", "file:///etc/passwd", "address"), ("webhook", "https://localhost/", "address"),
    ],
)  # fmt: skip
def test_addresses_inside_or_of_somebody_else_are_refused(cast: Cast, kind: str, address: str, field: str) -> None:
    made = create(cast.actor("admin"), "robot", name="群", kind=kind)
    with refused(Invalid) as caught:
        door.perform("robot", "connect", actor=cast.actor("admin"), id=made, inputs={"address": address, "secret": SECRET})
    assert caught.value.errors[0].field == field


def test_only_administrators_have_robots(cast: Cast) -> None:
    made = create(cast.actor("admin"), "robot", name="群")
    for who in ("owner", "manager", "nobody"):
        with refused():
            door.perform("robot", "connect", actor=cast.actor(who), id=made, inputs={"address": "https://example.com/", "secret": SECRET})
        assert Browser(who).get("/robots").status_code == 404


def test_a_verb_that_takes_a_secret_is_done_one_by_one_and_on_the_spot(cast: Cast) -> None:
    admin, client = cast.actor("admin"), Browser("admin")
    two = [create(admin, "robot", name=f"群{n}") for n in range(2)]
    inputs = {"address": "https://example.com/x", "secret": SECRET}
    with refused(Invalid, "verb:secret"):
        many.check(admin, many.Deed("robot", "connect", inputs=inputs))
    with refused(Invalid, "verb:secret"):
        door.perform_many("robot", "connect", [door.Item(one, inputs=inputs) for one in two], actor=admin)
    asked = {"verb": "connect", "ids": [str(one) for one in two], "inputs": inputs}
    for more in ({}, {"background": True}):
        answer = client.post("/api/v1/robots/bulk", json.dumps(asked | more), content_type="application/json", headers={"X-CSRFToken": "x"})
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "secret", answer.content
    assert client.get(f"/robots/bulk?do=connect&ids={two[0]}").status_code == 404
    assert SECRET not in repr(raw("SELECT * FROM gx_job"))
