"""What is sent out goes to the open network only, however an address is written, whatever its name says later."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from guanxi.kernel import fetching
from guanxi.kernel.fetching import Failed, Refused

REFUSED = (
    # inside, plainly
    "http://127.0.0.1/", "http://127.1.2.3/", "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/", "http://100.64.0.1/", "http://100.127.255.255/", "http://100.100.100.200/", "http://168.63.129.16/", "http://0.0.0.0/", "http://0.1.2.3/", "http://255.255.255.255/",
    "http://224.0.0.1/", "http://239.255.255.250/", "http://240.0.0.1/", "http://192.0.0.192/", "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://192.88.99.1/",
    # numbers written otherwise
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://017700000001/", "http://0177.0.0.1/", "http://0177.0.0.01/", "http://127.1/", "http://127.0.1/", "http://127.0.0.1./",
    "http://127.0.0.01/", "http://0/", "http://00/", "http://1.1.1.257/", "http://1.1.1/", "http://1.1.1.1.1/", "http://0x08080808/", "http://8.8.8.010/", "http://3232235777/",
    # IPv6 and what hides in it
    "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:8.8.8.8]/", "http://[::127.0.0.1]/", "http://[::8.8.8.8]/", "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b:1::a00:1]/", "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::]/", "http://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://[100::1]/", "http://[::ffff:0:127.0.0.1]/", "http://[::1", "http://[v1.x]/", "http://[127.0.0.1]/",
    # names of what is inside
    "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://router/", "http://postgres:5432/", "http://example.com./",
    # who one pretends to be
    "http://example.com@127.0.0.1/", "http://127.0.0.1@example.com/", "http://user:pass@example.com/", "http://example.com:80@127.0.0.1/", "http://@example.com/", "http://example.com#@127.0.0.1/", "http://127.0.0.1\\@example.com/", "http://example.com%2f@127.0.0.1/",
    "http://exa%6dple.com/", "http://127.0.0.1%00.example.com/",
    # full width and other digits, other dots
    "http://１２７.0.0.1/", "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http://127．0．0．1/", "http://127｡0｡0｡1/", "http://ｅxample.com/", "http://example。com/", "http://ⓛocalhost/",
    # other ways than http, other ports
    "file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/", "ldap://example.com/", "javascript:alert(1)", "data:text/plain,x", "//example.com/", "example.com", "", "http:///x", "http://",
    "http://example.com:22/", "http://example.com:25/", "http://example.com:5432/", "http://example.com:6379/", "http://example.com:0/", "http://example.com:99999/", "http://example.com:http/", "https://example.com:80/", "http://example.com:443/",
    # signs that break lines and words
    "http://example.com/ x", "http://example.com/\r\nHost: y", "http://example.com/\x00", "http://exa\tmple.com/", " http://example.com/", "http://example.com/\u202e", "http://-example.com/", "http://exa_mple.com/", "http://example..com/", "http://.example.com/",
    "http://" + "a" * 64 + ".com/", "http://example.com/" + "a" * 2_000, "http://example.com/合同",
)  # fmt: skip


def anywhere(host: str, port: int) -> list[str]:
    """A name server that knows every name, and that they are outside."""
    return ["93.184.216.34"]


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_nothing_is_sent_inside_however_it_is_written(url: str) -> None:
    assert len(REFUSED) >= 80
    with pytest.raises(Refused) as caught:
        fetching.checked(fetching.target(url), anywhere)
    assert caught.value.errors[0].message.zh and caught.value.errors[0].message.en


@pytest.mark.parametrize("url", ["http://example.com/", "https://example.com/a?b=c", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", "http://8.8.8.8/", "https://example.com:8443/", "https://[2606:4700::1111]/", "http://例子.com/", "https://EXAMPLE.com"])
def test_the_open_network_is_reached(url: str) -> None:
    assert fetching.outside(fetching.checked(fetching.target(url), anywhere))


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1", "93.184.216.34"], ["::ffff:169.254.169.254"], ["fe80::1%eth0"], ["nonsense"]])
def test_a_name_with_one_address_inside_is_inside(found: list[str]) -> None:
    with pytest.raises(Refused):
        fetching.checked(fetching.target("http://example.com/"), lambda host, port: found)


def test_who_runs_the_program_may_name_hosts_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_INTERNAL_HOSTS", "robot.intern, 10.1.0.0/16, box")
    assert fetching.checked(fetching.target("http://robot.intern:9000/x"), lambda host, port: ["192.168.0.9"]) == "192.168.0.9"
    assert fetching.checked(fetching.target("http://10.1.2.3:9000/")) == "10.1.2.3"
    assert fetching.checked(fetching.target("http://box/"), lambda host, port: ["10.9.9.9"]) == "10.9.9.9"
    for url in ("http://10.2.0.1/", "http://127.0.0.1/", "http://a.robot.intern:9000/", "http://other/"):
        with pytest.raises(Refused):
            fetching.checked(fetching.target(url), lambda host, port: ["192.168.0.9"])


class Server:
    """A real server on this machine that counts who comes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.path, dict(self.headers), body))
                if self.path == "/away":
                    self.send_response(302)
                    self.send_header("Location", f"http://127.0.0.1:{outer.port}/inside")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                if self.path == "/endless":
                    self.send_header("Connection", "close")
                    self.end_headers()
                    try:
                        for _ in range(1_000):
                            self.wfile.write(b"x" * 10_000)
                    except OSError:
                        return
                    self.close_connection = True
                    return
                if self.path == "/slow":
                    time.sleep(3)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *about: Any) -> None:
                """Quietly."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_what_is_sent_arrives_and_nothing_is_followed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_INTERNAL_HOSTS", "127.0.0.1")
    answer = fetching.send(f"http://127.0.0.1:{server.port}/in?x=1", "好".encode(), {"X-Say": "hello"})
    assert (answer.status, answer.body) == (200, b"ok")
    path, headers, body = server.asked[0]
    assert (path, body.decode(), headers["X-Say"], headers["Host"]) == ("/in?x=1", "好", "hello", f"127.0.0.1:{server.port}")
    assert "Cookie" not in headers and "Authorization" not in headers
    assert fetching.send(f"http://127.0.0.1:{server.port}/away", b"{}", {}).status == 302
    assert [one[0] for one in server.asked] == ["/in?x=1", "/away"], "what it points to was not asked"


def test_answers_are_bounded_in_size_and_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_INTERNAL_HOSTS", "127.0.0.1")
    assert len(fetching.send(f"http://127.0.0.1:{server.port}/endless", b"{}", {}, most=50_000).body) == 50_000
    with pytest.raises(Failed):
        fetching.send(f"http://127.0.0.1:{server.port}/slow", b"{}", {}, seconds=0.5)
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    with pytest.raises(Failed):
        fetching.send(f"http://127.0.0.1:{free.getsockname()[1]}/", b"{}", {}, seconds=2)
    free.close()


def test_a_name_that_turns_round_after_it_was_judged_leads_nowhere(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is asked once, and the connection goes to what it said then."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    connected: list[str] = []

    def connect(self: Any, host: str, port: int, *more: Any) -> Any:
        connected.append(host)
        raise OSError("nobody goes out of a test")

    monkeypatch.setattr(fetching.httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(Failed):
        fetching.send("http://turns.example.com/", b"{}", {}, look=lambda host, port: next(answers))
    assert connected == ["93.184.216.34"] and len(list(answers)) == 2 and server.asked == []


def test_nothing_inside_is_ever_connected_to(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching.httpcore.SyncBackend, "connect_tcp", lambda *about: pytest.fail("connected"))
    for url in REFUSED:
        with pytest.raises((Refused, Failed)):
            fetching.send(url, b"{}", {}, look=lambda host, port: ["127.0.0.1"])
    assert server.asked == []
