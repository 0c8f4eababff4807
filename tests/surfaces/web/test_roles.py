"""A role's page: what is ticked is what is granted, in one event; what nobody touched stays; words that are true."""

from __future__ import annotations

import re

import pytest

from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.records import door, people, reading, telling
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from guanxi.surfaces.web.inputs import Raw
from guanxi.surfaces.web.settings import rights
from tests.surfaces.web.browser import Browser, inputs, words


@pytest.fixture(autouse=True)
def _cast(cast):
    return cast


def _role(cast, key):
    where = {"field": "key", "op": "=", "value": key}
    return reading.query("role", actor=cast.actor("admin"), where=where, fields=["grants", "version", "name"]).rows[0]


def _made(cast, name, grants):
    return door.perform("role", "create", actor=cast.actor("admin"), changes={"name": name, "grants": grants}).id


def _grants(cast, role):
    return reading.get("role", role, actor=cast.actor("admin"), fields=["grants"])["grants"]


@pytest.mark.parametrize("key", ["admin", "executive", "sales_manager", "sales"])
def test_saving_without_touching_changes_nothing(cast, key):
    row = _role(cast, key)
    client, url = Browser("admin"), f"/roles/{row['id']}"
    for page in (client.read(url), client.read(url + "?fields=book,author,customer")):
        answer = client.post(url, inputs(page), follow=True)
        assert "没有改动" in words(answer.content.decode())
    assert _grants(cast, row["id"]) == row["grants"]


def test_one_save_is_one_event_and_keeps_what_the_form_does_not_know(cast):
    held = {
        "*": {"verbs": ["read"], "read": "own", "write": "none"},
        "book": {"verbs": ["read", "update", "merge"], "read": "own", "write": "own", "fields": {"cost": "read", "price": "hidden"}},
    }
    role = _made(cast, "试用", held)
    client, url = Browser("admin"), f"/roles/{role}"
    page = client.read(url + "?fields=book")
    sent = inputs(page) | {
        "v.book": ["read", "update", "export", "publish"], "r.book": "chosen", "w.book": "own", "l.book.price": "", "l.book.phones": "masked",
        "d.book": [str(cast.departments["二组"])],
    }  # fmt: skip
    assert client.post(url, sent).status_code == 302
    assert _grants(cast, role) == {
        "*": held["*"],
        "book": {
            "verbs": ["read", "update", "export", "publish", "merge"], "read": "chosen", "write": "own",
            "fields": {"cost": "read", "phones": "masked"}, "departments": [str(cast.departments["二组"])],
        },
    }  # fmt: skip
    told = telling.history("role", role, actor=cast.actor("admin"))
    assert [event.verb for event in told] == ["update", "create"] and set(told[0].changes) == {"grants"}
    history = words(client.read(url + "?tab=history"))
    for said in ("书 新增 导出、出版", "看到的范围 本人 → 指定部门", "定价 不可见 → 默认", "电话 默认 → 脱敏", "指定部门已修改"):
        assert said in history, (said, history)


def test_a_line_taken_from_the_general_right_becomes_the_objects_own(cast):
    role = _made(cast, "全能", {"*": {"verbs": ["*"], "read": "all", "write": "all"}})
    client, url = Browser("admin"), f"/roles/{role}"
    page = client.read(url)
    assert "通用" in page
    sent = inputs(page)
    sent["v.author"] = [v for v in sent["v.author"] if v != "delete"]
    assert client.post(url, sent).status_code == 302
    grants = _grants(cast, role)
    assert set(grants) == {"*", "author"} and grants["*"] == {"verbs": ["*"], "read": "all", "write": "all"}
    assert "delete" not in grants["author"]["verbs"] and {"read", "create", "update", "restore"} <= set(grants["author"]["verbs"])
    catalog = people.newest(DEFAULT_WORKSPACE)
    whole = {"book": {"verbs": ["*"], "read": "own", "write": "own"}}
    assert rights.merged(catalog, whole, Raw({"row.book": ["1"], "v.book": rights.verbs(catalog.object("book")), "r.book": ["all"], "w.book": ["own"]}))["book"]["verbs"] == ["*"]


def test_everything_unticked_takes_the_object_out(cast):
    role = _made(cast, "减", {"book": {"verbs": ["read"], "read": "own", "write": "own"}})
    client, url = Browser("admin"), f"/roles/{role}"
    sent = inputs(client.read(url))
    del sent["v.book"]
    assert client.post(url, sent).status_code == 302
    assert _grants(cast, role) == {}


def test_who_may_not_change_roles_reads_them_and_changes_nothing(cast):
    row = _role(cast, "sales")
    client, url = Browser("owner"), f"/roles/{row['id']}"
    page = client.read(url)
    assert "保存权限" not in page and "disabled" in page
    assert client.post(url, {"row.book": "1", "v.book": ["read", "delete"], "r.book": "all", "w.book": "all"}).status_code == 403
    assert _grants(cast, row["id"]) == row["grants"]
    assert client.get("/roles/new").status_code == 403 and client.post(url + "/say", {"of": "book"}).status_code == 404
    assert client.get(f"{url}?as={cast.users['teammate']}").status_code == 403


def test_somebody_faster_is_shown_and_not_overwritten(cast):
    role = _made(cast, "争", {"book": {"verbs": ["read"], "read": "own", "write": "own"}})
    client, url = Browser("admin"), f"/roles/{role}"
    sent = inputs(client.read(url))
    door.perform("role", "update", actor=cast.actor("admin"), id=role, changes={"grants": {"book": {"verbs": ["read"], "read": "all", "write": "own"}}})
    answer = client.post(url, sent | {"v.book": ["read", "update"]})
    page = words(answer.content.decode())
    assert answer.status_code == 412 or answer.status_code == 409
    assert "别人刚改过这个角色" in page and "看到的范围 全部 → 本人" in page and "新增 编辑" in page
    assert _grants(cast, role)["book"] == {"verbs": ["read"], "read": "all", "write": "own"}
    again = inputs(answer.content.decode())
    assert again["v.book"] == ["read", "update"], "what was ticked is still there"
    assert client.post(url, again).status_code == 302 and _grants(cast, role)["book"]["verbs"] == ["read", "update"]


def test_a_role_is_copied_from_another(cast):
    source = _role(cast, "sales")
    client = Browser("admin")
    assert f'value="{source["id"]}" selected' in client.read(f"/roles/new?copy={source['id']}")
    made = client.post("/roles/new", {"name": "实习销售", "name_en": "Trainee", "copy": str(source["id"])})
    assert made.status_code == 302 and _grants(cast, made["Location"].rpartition("/")[2]) == source["grants"]
    again = client.post("/roles/new", {"name": "实习销售"})
    assert again.status_code == 422 and "名称已被使用" in again.content.decode()


def test_it_says_who_has_the_role_and_how_much_they_see(cast):
    for n in range(3):
        door.perform("book", "create", actor=cast.actor("owner"), changes={"name": f"甲{n}"})
    door.perform("book", "create", actor=cast.actor("manager"), changes={"name": "乙"})
    role = _role(cast, "sales")["id"]
    client, url = Browser("admin"), f"/roles/{role}"
    assert {"王伟", "李娜", "张敏", "刘洋", "陈静"} <= set(re.findall(r"[\u4e00-\u9fff]{2}", words(client.read(url + "?tab=people"))))
    page = client.read(f"{url}?as={cast.users['owner']}")
    line = page[page.index('id="book"') : page.index('id="chapter"')]
    assert "能看到 3 / 4 条" in line
    assert client.get(f"{url}?as={cast.users['manager']}").status_code == 404, "who has not the role has no such eyes"


def _says(grants, name="book", lang="zh-CN"):
    catalog = people.newest(DEFAULT_WORKSPACE)
    return rights.sentence(rights.line(catalog.object(name), grants), {"d1": "销售部"}).for_(lang)


@pytest.mark.parametrize(
    ("grant", "zh", "en"),
    [
        ({}, "看不到书。", "Does not see books."),
        ({"verbs": ["read"], "read": "none"}, "看不到书。", "Does not see books."),
        ({"verbs": ["read"], "read": "all"}, "可以看到全部书，不能修改。", "May see books of everybody; may not change them."),
        (
            {"verbs": ["read", "update", "create"], "read": "below", "write": "own"},
            "可以看到本部门及下级部门的书，可以编辑本人的，可以新建。",
            "May see books of the department and those below it; may edit those of their own; may create.",
        ),
        (
            {"verbs": ["read", "update", "export"], "read": "chosen", "write": "chosen", "departments": ["d1"], "fields": {"cost": "hidden", "phones": "masked"}},
            "可以看到销售部的书，可以编辑，可以导出，看不到成本，电话脱敏显示。",
            "May see books of 销售部; may edit; may export; does not see Cost; sees Phones masked.",
        ),
    ],
)
def test_the_sentence_says_what_is_granted(cast, grant, zh, en):
    assert _says({"book": grant}) == zh
    assert _says({"book": grant}, lang="en") == en


def test_the_sentence_knows_what_everybody_sees_and_what_hangs_on_something(cast):
    assert _says({}, "author") == "所有成员都能查看作者，不能修改。"
    assert _says({"chapter": {"verbs": ["read"], "read": "own"}}, "chapter") == "可以看到随关联记录能看到的章，不能修改。"
    admin = {"*": {"verbs": ["*"], "read": "all", "write": "all"}}
    for it in REGISTRY.objects.values():
        assert _says(admin, it.name) and not re.search(r"[\u4e00-\u9fff]", _says(admin, it.name, "en")), it.name


def test_the_sentence_follows_what_is_ticked_before_it_is_saved(cast):
    role = _made(cast, "说", {})
    answer = Browser("admin").post(f"/roles/{role}/say", {"of": "book", "row.book": "1", "v.book": ["read"], "r.book": "department", "w.book": "none"})
    assert answer.content.decode() == "可以看到本部门的书，不能修改。" and _grants(cast, role) == {}
