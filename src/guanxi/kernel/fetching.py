"""The one door for what the program sends out to addresses that people typed in: http and https, to the outside only.

The name is looked up here, every address it has is judged, and the connection goes to one that was judged: a name that answers
otherwise a moment later leads nowhere. Nothing is followed, and an answer is read up to a limit of size and time. What is inside a
company's own network is reached only where whoever runs the program says so (`GUANXI_INTERNAL_HOSTS`).
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore2 as httpcore

from guanxi.base.errors import Invalid
from guanxi.base.text import T

PORTS = {"http": (80, 8080), "https": (443, 8443)}
LONGEST = 2_000
SECONDS = 10.0
"""For one request, from looking the name up to the last byte of the answer."""
MOST = 64 * 1024
"""Bytes of an answer that are read."""
_TURNED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("::ffff:0:0:0/96"), ipaddress.IPv6Network("fec0::/10"), ipaddress.IPv6Network("100::/64"), ipaddress.IPv6Network("2001:db8::/32"), ipaddress.IPv6Network("5f00::/16"))
"""IPv6 addresses in which an IPv4 address hides, or that lead nowhere: none is asked which."""
_KEPT = tuple(ipaddress.IPv4Network(one) for one in ("0.0.0.0/8", "100.64.0.0/10", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"))
"""Beside what Python calls private: carriers' own, clouds' own, for tests, and for later."""

Look = Callable[[str, int], Iterable[str]]


class Refused(Invalid):
    """An address nothing is sent to."""


class Failed(Exception):
    """Sent, or tried to be: the words say what became of it, and nothing of what stood there."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = T(zh, en)


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the beginning of the body."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Target:
    """An address as it may be used: host in plain letters, port, path with query."""

    scheme: str
    host: str
    port: int
    path: str


def no(zh: str, en: str, field: str = "address") -> Refused:
    return Refused.field(field, "address", zh, en)


def internal(host: str) -> bool:
    """Whether whoever runs the program allows this host although it is inside: names, or addresses and ranges, separated by commas."""
    for one in os.environ.get("GUANXI_INTERNAL_HOSTS", "").split(","):
        wanted = one.strip().casefold()
        if not wanted:
            continue
        try:
            if ipaddress.ip_address(host) in ipaddress.ip_network(wanted, strict=False):
                return True
        except ValueError:
            if host.casefold() == wanted:
                return True
    return False


def outside(address: str) -> bool:
    """Whether an IP address is one of the open network's, however it is written."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id or any(found in net for net in _TURNED):
            return False
    elif any(found in net for net in _KEPT):
        return False
    kept = found.is_private or found.is_loopback or found.is_link_local or found.is_multicast or found.is_reserved or found.is_unspecified
    return found.is_global and not kept


def target(url: str) -> Target:
    """An address taken apart; raises Refused for one that is not plainly http(s) to a named host or a plain IP address."""
    if not isinstance(url, str) or len(url) > LONGEST or any(sign.isspace() or unicodedata.category(sign)[0] == "C" or sign in '\\<>"`{}|^' for sign in url):
        raise no("地址中有不允许的字符，或太长。", "The address holds characters that are not allowed, or is too long.")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise no("不是有效的地址。", "Not an address.") from None
    if parts.scheme not in PORTS:
        raise no("只能是 http 或 https 地址。", "Only http and https addresses.")
    if "@" in parts.netloc or parts.fragment:
        raise no("地址中不能有用户名、密码或 #。", "No user name, password or # in the address.")
    name = _host(host, parts)
    wanted = port if port is not None else PORTS[parts.scheme][0]
    if wanted not in PORTS[parts.scheme] and not internal(name):
        raise no("不允许这个端口。", "This port is not allowed.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise no("路径中有需要编码的字符。", "The path holds characters that must be encoded.")
    return Target(parts.scheme, name, wanted, path)


def _host(host: str, parts: SplitResult) -> str:
    """A host in the one way it is written: letters of a name, an IPv4 address of four plain numbers, or an IPv6 address in brackets."""
    if "%" in host or not host or any(dot in host for dot in "。．｡"):
        raise no("主机名不对。", "The host is not right.")
    if "[" in parts.netloc:
        try:
            return ipaddress.IPv6Address(host).compressed
        except ValueError:
            raise no("主机名不对。", "The host is not right.") from None
    if not host.isascii():
        try:
            plain = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise no("主机名不对。", "The host is not right.") from None
        if unicodedata.normalize("NFKC", host) != host or not plain.isascii():
            raise no("主机名请用半角字母。", "Write the host in plain letters.")
        host = plain
    labels = host.split(".")
    if host.endswith(".") or len(host) > 253 or not all(0 < len(one) <= 63 and one.replace("-", "").isalnum() and one[0] != "-" != one[-1] for one in labels):
        raise no("主机名不对。", "The host is not right.")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):  # a number of any kind: only four decimal ones without leading noughts
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise no("IP 地址请写成四个十进制数。", "Write an IP address as four decimal numbers.") from None
    if len(labels) < 2 and not internal(host):
        raise no("请写完整的域名。", "Give a full host name.")
    return host.lower()


def looked_up(host: str, port: int) -> list[str]:
    """The addresses a name has now."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def checked(where: Target, look: Look = looked_up) -> str:
    """One address of the target to connect to. Raises Refused when any of its addresses is not outside, Failed when it has none."""
    try:
        found = [str(ipaddress.ip_address(where.host))]
    except ValueError:
        found = list(dict.fromkeys(look(where.host, where.port)))
    if not found:
        raise Failed("找不到这个主机。", "The host cannot be found.")
    if not internal(where.host) and not all(outside(one) or internal(one) for one in found):
        raise no("这个地址在内部网络，不能访问。", "The address is inside a network and is not reached.")
    return found[0]


class _Pinned(httpcore.NetworkBackend):
    """Connects to the address that was judged, whatever the name says by now."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.under = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None) -> Any:
        return self.under.connect_tcp(self.address, port, timeout, local_address, socket_options)


def send(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS, most: int = MOST, look: Look = looked_up, trust: ssl.SSLContext | None = None) -> Answer:
    """Post a body; what comes back, of which at most so many bytes are read in so many seconds. Redirects are answers like others.
    Raises Refused before anything is sent, Failed when nothing comes back."""
    where = target(url)
    end = time.monotonic() + seconds
    address = checked(where, look)
    shown = f"[{where.host}]" if ":" in where.host else where.host
    usual = where.port == PORTS[where.scheme][0]
    sent = {"Host": shown if usual else f"{shown}:{where.port}", "User-Agent": "Guanxi", "Accept": "application/json", "Accept-Encoding": "identity", "Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body)), **headers}
    asked = httpcore.URL(scheme=where.scheme.encode(), host=where.host.encode(), port=where.port, target=where.path.encode())
    try:
        with httpcore.ConnectionPool(ssl_context=trust or ssl.create_default_context(), network_backend=_Pinned(address), max_connections=1, retries=0) as pool:
            left = {name: max(0.1, end - time.monotonic()) for name in ("connect", "read", "write", "pool")}
            request = httpcore.Request("POST", asked, headers=list(sent.items()), content=body, extensions={"timeout": left})
            response = pool.handle_request(request)
            try:
                return Answer(response.status, _read(response, end, most))
            finally:
                response.close()
    except (httpcore.TimeoutException, TimeoutError):
        raise Failed("对方没有及时回答。", "It did not answer in time.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, ValueError):
        raise Failed("连接不上，或对方的回答不是 HTTP。", "It could not be reached, or did not answer in HTTP.") from None


def _read(response: Any, end: float, most: int) -> bytes:
    out = bytearray()
    for part in response.iter_stream():
        out += part
        if len(out) >= most:
            break
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(out[:most])
