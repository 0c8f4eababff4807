"""A tiny module the kernel is tested with: authors write books, books have chapters and readers. Every field type is here."""

from __future__ import annotations

from typing import Any

from guanxi.kernel import (
    Action,
    AutoNumber,
    Board,
    Boolean,
    Calendar,
    Choice,
    Date,
    DateTime,
    Department,
    Departments,
    Email,
    Exclusion,
    File,
    Form,
    Grant,
    Hanging,
    Image,
    Industry,
    Integer,
    Invalid,
    Json,
    Link,
    Links,
    List,
    LongText,
    Module,
    Money,
    MultiChoice,
    Number,
    Object,
    Owner,
    Percent,
    Person,
    Phone,
    Policy,
    Pooling,
    PoolRule,
    Record,
    Region,
    RichText,
    Stage,
    T,
    Tags,
    Text,
    Url,
    named,
)


def pages_not_negative(draft: Any, context: Any) -> None:
    if draft.pages is not None and draft.pages < 0:
        raise Invalid.field("pages", "range", "页数不能为负。", "Pages cannot be negative.")


def thickness(draft: Any, context: Any) -> Any:
    return None if draft.pages is None else draft.pages / 10


def publish(draft: Any, context: Any, printed: int | None = None) -> dict[str, Any]:
    if draft.status == "published":
        raise Invalid.field("status", "state", "已经出版。", "Published already.")
    draft.status = "published"
    draft.published_on = context.today
    return {"printed": printed or 0}


def count_chapters(draft: Any, context: Any) -> None:
    if draft.book is not None and context.get("book", draft.book) is not None:  # not when the book itself went
        chapters = context.find("chapter", {"field": "book", "op": "=", "value": str(draft.book)}, limit=1000)
        context.perform("book", "counted", draft.book, {"chapter_count": len(chapters)})


class Author(Object, label=T("作者", "Author"), title="name", letters="people"):
    """作者: who writes books. Every member reads, roles decide writing."""

    name = Text(T("姓名", "Name"), required=True, search=True)
    country = Text(T("国家", "Country"))
    royalty = Percent(T("版税", "Royalty"))
    policy = Policy(read="member", write="role", fields={"royalty": "hidden"})
    views = (List(columns=("name", "country", "royalty"), sort=("name",)), Form(fields=("name", "country", "royalty")))


class Shelf(Object, label=T("书架", "Shelf")):
    """书架: a step a book stands on."""

    name = Text(T("名称", "Name"), required=True)
    policy = Policy(read="member", write="role")


class Book(Object, label=T("书", "Book"), title="name", subtitle=("number",), letters="names"):
    """书: something with an owner, read by scope, with a field of every type."""

    name = Text(T("书名", "Title"), required=True, search=True)
    number = AutoNumber("B{yyyy}-{000}", T("编号", "Number"))
    code = Text(T("书号", "Code"), unique=True, search=True)
    author = Link("author", T("作者", "Author"), on_delete="protect", reverse=T("著作", "Books"))
    co_authors = Links("author", T("合著者", "Co-authors"))
    shelf = Stage("shelf", T("书架", "Shelf"))
    status = Choice(T("状态", "Status"), [("draft", T("草稿", "Draft")), ("published", T("已出版", "Published"))], default="draft")
    genres = MultiChoice(T("类型", "Genres"), [("novel", T("小说", "Novel")), ("poem", T("诗歌", "Poem")), ("essay", T("散文", "Essay"))])
    tags = Tags(T("标签", "Tags"))
    pages = Integer(T("页数", "Pages"))
    weight = Number(T("重量", "Weight"), places=3)
    thickness = Number(T("厚度", "Thickness"), computed=thickness)
    discount = Percent(T("折扣", "Discount"))
    price = Money(T("定价", "Price"))
    cost = Money(T("成本", "Cost"))
    published_on = Date(T("出版日期", "Published"))
    printed_at = DateTime(T("付印时间", "Printed"))
    available = Boolean(T("在售", "Available"))
    phones = Phone(T("电话", "Phones"), personal="contact")
    email = Email(T("邮箱", "E-mail"), personal="contact")
    website = Url(T("网址", "Website"))
    place = Region(T("出版地", "Place"))
    industry = Industry(T("行业", "Industry"))
    summary = LongText(T("简介", "Summary"), search=True)
    blurb = RichText(T("推荐语", "Blurb"))
    editor = Person(T("编辑", "Editor"))
    department = Department(T("部门", "Department"))
    files = File(T("附件", "Files"))
    cover = Image(T("封面", "Cover"))
    extra = Json(T("其他", "Extra"))
    chapter_count = Integer(T("章数", "Chapters"), readonly=True, default=0)
    owner = Owner()
    policy = Policy(read="scope", write="scope", fields={"cost": "hidden"})
    checks = (pages_not_negative,)
    actions = (
        Action("publish", publish, T("出版", "Publish"), form=("price",), inputs=(named("printed", Integer(T("印数", "Print run"))),), offered='status = draft'),
        Action("counted", lambda draft, context: None, T("计数", "Count"), form=("chapter_count",), internal=True),
    )
    indexes = (("status", "-price"),)
    views = (
        List(columns=("name", "author", "status", "price", "owner"), filters=("status", "author", "owner")),
        Board(by="status", card=("name", "author", "price", "published_on", "owner"), total="price", moves={"published": "publish"}, closed=("published",), since="created_at", overdue="published_on < today"),
        Board(name="shelves", by="shelf", card=("name", "price"), label=T("书架", "Shelves")),
        Calendar(date="published_on", card=("name", "author"), overdue="status = draft and published_on < today", done="status = published"),
        Calendar(name="printing", date="printed_at", end="updated_at", color="green", common=False, label=T("付印", "Printing")),
        Record(highlights=("status", "price"), groups=((T("基本", "Basics"), ("name", "author", "pages")),)),
        Form(fields=("name", "code", "author", "status", "pages", "price", "owner")),
    )


class Chapter(Object, label=T("章", "Chapter"), title="name"):
    """章: a part of a book; who may read the book may read it."""

    name = Text(T("标题", "Title"), required=True, search=True)
    book = Link("book", T("书", "Book"), required=True, on_delete="cascade", reverse=T("章节", "Chapters"))
    body = LongText(T("正文", "Body"))
    policy = Policy(read="scope", write="scope", through=("book",))
    effects = (count_chapters,)
    views = (List(columns=("name", "book"), filters=("book",)), Form(fields=("name", "book", "body")))


class Prospect(Object, label=T("苗头", "Prospect"), title="name"):
    """苗头: lies in pools; calls hang on it."""

    name = Text(T("名称", "Name"), required=True, search=True, personal="name")
    level = Choice(T("级别", "Level"), [("a", T("甲", "A")), ("b", T("乙", "B"))], default="a")
    phones = Phone(T("电话", "Phones"), personal="contact")
    secret = Text(T("秘密", "Secret"), search=True)
    amount = Number(T("数额", "Amount"))
    called_at = DateTime(T("上次联系", "Called"))
    bought = Boolean(T("已成交", "Bought"), default=False)
    closed = Boolean(T("已关闭", "Closed"), default=False)
    owner = Owner()
    pooling = Pooling(
        T("池", "Pool"),
        columns=("name", "level", "phones", "secret"),
        rules=(
            PoolRule("call", T("未联系", "without a call"), dates=("called_at",)),
            PoolRule("visit", T("未拜访", "without a visit"), hangs=(Hanging("call", "prospect", where="kind = visit", at="on"),)),
        ),
        exclusions=(
            Exclusion("bought", T("已成交", "Has bought"), where="bought = true"),
            Exclusion("open_call", T("有未完成的联系", "Has an unfinished call"), hangs=Hanging("call", "prospect", where="done != true"), business=True),
        ),
        by="level",
        live="closed != true",
        hidden=("phones", "secret", "amount"),
    )
    policy = Policy(read="scope", write="scope")
    views = (
        List(columns=("name", "level", "phones", "owner", "days_left"), filters=("level", "owner")),
        Record(groups=((T("基本", "Basics"), ("name", "level", "phones", "secret", "amount")), (T("系统", "System"), ("owner",)))),
        Form(fields=("name", "level", "phones", "secret", "amount", "called_at", "owner")),
    )


class Call(Object, label=T("联系", "Call"), title="name"):
    """联系: hangs on a prospect; who may read the prospect may read it."""

    name = Text(T("内容", "Text"), required=True, search=True)
    prospect = Link("prospect", T("苗头", "Prospect"), required=True, on_delete="cascade", reverse=T("联系", "Calls"))
    kind = Choice(T("类型", "Kind"), [("phone", T("电话", "Phone")), ("visit", T("拜访", "Visit"))], default="phone")
    on = Date(T("日期", "On"))
    done = Boolean(T("完成", "Done"), default=True)
    policy = Policy(read="scope", write="scope", through=("prospect",))
    views = (List(columns=("name", "prospect"), filters=("prospect",)), Form(fields=("name", "prospect", "kind", "on", "done")))


class Shortlist(Object, label=T("书单", "Shortlist")):
    """书单: personal; shared with everybody, roles, colleagues or departments."""

    name = Text(T("名称", "Name"), required=True, search=True)
    owner = Owner()
    everyone = Boolean(T("全员可见", "Everyone"))
    roles = Links("role", T("共享给角色", "Shared with roles"))
    people = Links("user", T("共享给同事", "Shared with colleagues"))
    units = Departments(T("共享给部门", "Shared with departments"))
    policy = Policy(
        read="personal", write="personal", readers=("everyone", "roles", "people", "units"),
        fields={"everyone": "read", "roles": "read", "units": "read"},
    )  # fmt: skip
    views = (List(columns=("name", "owner", "everyone"), sort=("name",)), Form(fields=("name", "everyone", "roles", "people", "units")))


class Jotting(Object, label=T("随记", "Jotting")):
    """随记: personal and never shared."""

    name = Text(T("内容", "Text"), required=True, search=True)
    owner = Owner()
    policy = Policy(read="personal", write="personal")
    views = (List(columns=("name",), sort=("-updated_at",)), Form(fields=("name",)))


EVERYTHING = ("read", "create", "update", "delete", "restore", "assign", "share", "unshare", "print", "export", "import", "publish")
PLAIN = ("read", "create", "update", "delete", "restore")

MODULE = Module(
    name="toy",
    label=T("玩具", "Toy"),
    objects=(Author, Shelf, Book, Chapter, Prospect, Call, Shortlist, Jotting),
    grants={
        "executive": {
            "author": Grant(("read",), "all", "none"),
            "shelf": Grant(("read",), "all", "none"),
            "book": Grant(("read", "print", "export"), "all", "none", {"cost": "read"}),
            "chapter": Grant(("read",), "all", "none"),
            "prospect": Grant(("read", "print", "export"), "all", "none"),
            "call": Grant(("read",), "all", "none"),
            "shortlist": Grant(("read",), "all", "all"),
            "jotting": Grant(("read", "update"), "all", "all"),
        },
        "sales_manager": {
            "author": Grant(PLAIN, "all", "all", {"royalty": "masked"}),
            "shelf": Grant(PLAIN, "all", "all"),
            "book": Grant(EVERYTHING, "below", "below", {"email": "read"}),
            "chapter": Grant(PLAIN, "below", "below"),
            "prospect": Grant((*PLAIN, "assign", "share", "unshare", "export"), "below", "below"),
            "call": Grant(PLAIN, "below", "below"),
            "shortlist": Grant(("read", "update", "assign"), "below", "below", {"everyone": "write", "roles": "write", "units": "write"}),
        },
        "sales": {
            "author": Grant(("read", "create"), "all", "all"),
            "shelf": Grant(("read",), "all", "none"),
            "book": Grant(EVERYTHING, "own", "own", {"phones": "masked", "discount": "read"}),
            "chapter": Grant(PLAIN, "own", "own"),
            "prospect": Grant((*PLAIN, "assign", "share", "unshare", "export"), "own", "own"),
            "call": Grant(PLAIN, "own", "own"),
        },
    },
)
