"""The inbox of duplicates as a page: what stands in it, what is decided, looking now."""

from __future__ import annotations

from uuid import UUID

import pytest

from guanxi.kernel.records import pairing
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.jobs import tasks
from tests.cast import Cast
from tests.kernel.tools import create, raw
from tests.surfaces.web.browser import Browser


@pytest.fixture(scope="module")
def pair(cast: Cast) -> tuple[UUID, UUID]:
    owner = cast.actor("owner")
    a = create(owner, "customer", name="无锡太湖仪器有限公司", phones=["0510-88880001"])
    b = create(owner, "customer", name="太湖仪器（无锡）", phones=["0510-88880001"])
    create(owner, "lead", name="展会来的", company="太湖仪器", phones=["0510-88880001"])
    create(owner, "lead", name="官网来的", company="太湖仪器公司", phones=["0510-88880001"])
    for name in ("customer", "lead"):
        pairing.look_through(DEFAULT_WORKSPACE, name)
    return a, b


def test_the_inbox(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    a, b = pair
    client = Browser("owner")
    text = client.get("/duplicates").content.decode()
    assert "无锡太湖仪器有限公司" in text and "把握 92%" in text and "客户名称 · 规范化后相同" in text and "电话 · 完全相同" in text
    assert f'href="/customers/merge?ids={a}%2C{b}"' in text and "展会来的" in text and "上次查找：" in text
    assert "展会来的" not in client.get("/duplicates?object=customer").content.decode()
    assert 'href="/duplicates"' in client.get("/customers").content.decode()
    assert "没有疑似重复" in Browser("outsider").get("/duplicates").content.decode()
    executive = Browser("executive")
    assert executive.get("/duplicates").status_code == 404 and 'href="/duplicates"' not in executive.get("/customers").content.decode()
    assert client.get("/duplicates?show=other").status_code == 404


def test_a_decision_and_its_way_back(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    client = Browser("owner")
    id = raw("SELECT id FROM gx_duplicate_pair WHERE object_name = 'customer'")[0][0]
    assert client.post("/duplicates", {"do": "dismiss", "id": str(id)}).headers["Location"] == "/duplicates"
    text = client.get("/duplicates").content.decode()
    assert "以后不再提示" in text and f'href="/duplicate_pairs/{id}/reopen"' in text and "太湖仪器（无锡）" not in text
    assert "太湖仪器（无锡）" in client.get("/duplicates?show=dismissed").content.decode()
    assert client.post("/duplicates", {"do": "reopen", "id": str(id), "show": "dismissed"}).headers["Location"] == "/duplicates?show=dismissed"
    client.post("/duplicates", {"do": "postpone", "id": str(id)})
    assert "太湖仪器（无锡）" in client.get("/duplicates?show=later").content.decode()
    assert "太湖仪器（无锡）" not in client.get("/duplicates").content.decode()
    client.post("/duplicates", {"do": "reopen", "id": str(id)})
    assert Browser("outsider").post("/duplicates", {"do": "dismiss", "id": str(id)}).status_code == 302
    assert raw("SELECT state FROM gx_duplicate_pair WHERE id = %s", [id]) == [("open",)]
    assert client.post("/duplicates", {"do": "merge", "id": str(id)}).status_code == 404


def test_looking_now_is_a_job(cast: Cast, pair: tuple[UUID, UUID]) -> None:
    create(cast.actor("owner"), "customer", name="太湖仪器股份公司")
    client = Browser("owner")
    there = client.post("/duplicates", {"do": "look"}).headers["Location"]
    tasks.do_pairing(there.rpartition("/")[2])
    text = client.get(there).content.decode()
    assert "查找重复" in text and "已完成" in text and "疑似重复" in text
    assert "太湖仪器股份公司" in client.get("/duplicates").content.decode()
    assert Browser("executive").post("/duplicates", {"do": "look"}).status_code == 404
