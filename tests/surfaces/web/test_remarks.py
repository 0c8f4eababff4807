"""Comments on a record's page: written, told in the timeline with a filter and a count, changed and taken away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from guanxi.kernel.catalog import remarks as kernel
from guanxi.kernel.records import door, reading
from guanxi.surfaces.web import remarks
from tests.cast import Cast
from tests.kernel.tools import events_of, refused
from tests.surfaces.web.browser import Browser, inputs, statements, words


@pytest.fixture(scope="module")
def customer(cast: Cast) -> Any:
    return door.perform("customer", "create", actor=cast.actor("owner"), changes={"name": "大家议论的公司"}).id


def post(client: Browser, url: str, **values: Any) -> Any:
    """Send the page's form for comments as a browser without script would."""
    form = re.search(r'<form class="remark".*?</form>', client.read(url), re.S)
    assert form is not None
    held = inputs(form[0].replace('class="remark"', "data-guard"))
    action = re.search(r'action="([^"]+)"', form[0])
    assert action is not None
    return client.post(action[1].replace("&amp;", "&"), {**held, **values})


def test_a_comment_is_written_told_and_counted(cast: Cast, customer: Any) -> None:
    client, url = Browser("owner"), f"/customers/{customer}"
    assert 'show=comment"' not in client.read(url)
    text = "@李娜 <b>看</b>一下\n明天签"
    answer = post(client, url, text=text, **{"mentions.keep": f"{cast.users['teammate']}|李娜"})
    assert answer.status_code == 302 and answer["Location"] == url
    row = reading.query("comment", actor=cast.actor("owner"), fields=["text", "object_name", "record", "mentions", "owner"]).rows[0]
    assert (row["text"], row["object_name"], row["record"]) == (text, "customer", str(customer))
    assert [m["label"] for m in row["mentions"]] == ["李娜"] and row["owner"]["label"] == "王伟"
    page = client.read(url)
    assert '<b class="at">@李娜</b> &lt;b&gt;看&lt;/b&gt;一下\n明天签' in page, "what was typed is text"
    assert re.search(r'show=comment" data-swap>评论 <span class="tally">1</span>', page)
    only = words(client.read(url + "?show=comment").split('data-part="happened"')[1])
    assert "明天签" in only and "新建" not in only
    post(Browser("manager"), url, text="好的")
    assert re.search(r'评论 <span class="tally">2</span>', client.read(url))
    assert Browser("outsider").get(url).status_code == 404


def test_its_author_changes_it_and_takes_it_away(cast: Cast, customer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, url = Browser("owner"), f"/customers/{customer}"
    post(client, url, text="打错字了")
    made = reading.query("comment", actor=cast.actor("owner"), where='text contains "打错字了"', fields=["text"]).rows[0]["id"]
    assert f'/comments/{made}/field/text" data-dialog' in client.read(url) and f"/comments/{made}/" not in Browser("manager").read(url).replace(f'href="/comments/{made}"', "")
    form = inputs(client.read(f"/comments/{made}/field/text").replace('class="value card form"', "data-guard"))
    assert client.post(f"/comments/{made}/field/text", form | {"text": "没有错字"}).status_code == 302
    page = words(client.read(url))
    assert "没有错字" in page and "（已修改）" in page and "打错字了" not in page
    monkeypatch.setattr(remarks, "CHANGEABLE", timedelta(0))
    monkeypatch.setattr(kernel, "CHANGEABLE", timedelta(0))
    assert f"/comments/{made}/field/text" not in client.read(url), "no button that would fail"
    monkeypatch.undo()
    assert client.fill(f"/comments/{made}/delete").status_code == 302
    assert "没有错字" not in words(client.read(url))


def test_an_administrator_takes_away_what_others_said(cast: Cast, customer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any time, by the right to delete comments; the words stay their author's alone to change, and stay away."""
    url = f"/customers/{customer}"
    post(Browser("owner"), url, text="不该说的话")
    made = reading.query("comment", actor=cast.actor("owner"), where='text contains "不该说的话"', fields=["text"]).rows[0]["id"]
    boss, mate = Browser("admin"), Browser("manager")
    monkeypatch.setattr(remarks, "CHANGEABLE", timedelta(0))
    monkeypatch.setattr(kernel, "CHANGEABLE", timedelta(0))
    page = boss.read(url)
    assert f'/comments/{made}/delete" data-dialog' in page and f"/comments/{made}/field/text" not in page
    assert f"/comments/{made}/delete" not in mate.read(url)
    for who, verb, changes in (("admin", "update", {"text": "改写"}), ("manager", "delete", {}), ("teammate", "delete", {}), ("owner", "delete", {})):
        with refused():
            door.perform("comment", verb, actor=cast.actor(who), id=made, changes=changes)
    assert boss.fill(f"/comments/{made}/delete").status_code == 302
    monkeypatch.undo()
    assert "不该说的话" not in words(Browser("owner").read(url))
    with refused():
        door.perform("comment", "restore", actor=cast.actor("owner"), id=made)
    assert [event.verb for event in events_of("comment", made)] == ["create", "delete"]


def test_settings_have_no_comments_and_the_page_stays_within_its_statements(cast: Cast, customer: Any) -> None:
    role = reading.query("role", actor=cast.actor("admin"), limit=1).rows[0]["id"]
    assert 'class="remark"' not in Browser("admin").read(f"/roles/{role}")
    client = Browser("owner")
    client.read(f"/customers/{customer}")
    with statements() as sent:
        client.read(f"/customers/{customer}")
    assert len(sent) <= 8, [one[:100] for one in sent]
