"""Requests go to threads and answers come back: whole ones in one step, long ones piece by piece."""

from __future__ import annotations

import asyncio
import threading

import pytest

from guanxi.project.bridge import Threads

SCOPE = {
    "type": "http", "http_version": "1.1", "method": "POST", "path": "/客户", "query_string": b"a=1", "scheme": "http", "server": ("h", 80),
    "client": ("c", 1), "headers": [(b"content-type", b"text/plain"), (b"x-one", b"1")],
}  # fmt: skip


class Answer:
    """What a WSGI application returns: pieces, and something to close."""

    def __init__(self, *pieces, problem=None):
        self.pieces, self.problem, self.closed_in = pieces, problem, None

    def __iter__(self):
        yield from self.pieces
        if self.problem is not None:
            raise self.problem

    def close(self):
        self.closed_in = threading.current_thread().name


def ask(app, *received):
    """The messages an application's answer becomes."""
    sent = []

    async def run():
        queue = list(received) or [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            return queue.pop(0)

        async def send(message):
            sent.append(message)

        await Threads(app, 2)(SCOPE, receive, send)

    asyncio.run(run())
    return sent


def answering(answer, status="200 OK"):
    def app(environ, start):
        start(status, [("Content-Type", "text/html"), ("X-Two", " 2 ")])
        return answer

    return app


def test_a_whole_answer_is_two_messages():
    answer = Answer(b"<p>")
    assert ask(answering(answer)) == [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html"), (b"x-two", b"2")]},
        {"type": "http.response.body", "body": b"<p>", "more_body": False},
    ]
    assert answer.closed_in.startswith("request"), "in the thread that answered, which holds the connection to the database"


def test_an_answer_without_a_body_ends_too():
    start, end = ask(answering(Answer(), "204 No Content"))
    assert start["status"] == 204 and end == {"type": "http.response.body", "body": b""}


@pytest.mark.parametrize("many", [2, 3, 4, 5, 50])
def test_pieces_come_in_order_and_end_once(many):
    pieces = [str(n).encode() for n in range(many)]
    answer = Answer(*pieces)
    start, *rest = ask(answering(answer))
    assert start["type"] == "http.response.start"
    assert [message["body"] for message in rest] == pieces
    assert [message["more_body"] for message in rest] == [True] * (many - 1) + [False]
    assert answer.closed_in


def test_what_is_sent_is_read_as_it_comes():
    def app(environ, start):
        start("200 OK", [])
        assert environ["PATH_INFO"].encode("latin-1").decode() == "/客户" and environ["HTTP_X_ONE"] == "1"
        return [environ["wsgi.input"].read()]

    body = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b", "more_body": False}]
    assert ask(app, *body)[1]["body"] == b"ab"


def test_a_broken_answer_is_closed_and_told():
    answer = Answer(b"x", problem=ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        ask(answering(answer))
    assert answer.closed_in
