"""产品: what is sold, at what price."""

from __future__ import annotations

from typing import Literal

from guanxi.kernel import (
    AutoNumber,
    Boolean,
    Choice,
    Form,
    Grant,
    Image,
    List,
    LongText,
    Module,
    Money,
    Object,
    Percent,
    Policy,
    Record,
    T,
    Tags,
    Text,
)
from guanxi.modules.products import demo, rules, seeds


class Product(
    Object, label=T("产品", "Product"), icon="product", group="sales", title="name", subtitle=("code",), letters="names",
    about=T("您卖的产品和服务，带编码、单位和标价。", "The things and services you sell, with code, unit and list price."),
):  # fmt: skip
    """产品: a thing or service with a code, a unit and a list price. What it costs is hidden from those who sell it."""

    name = Text(T("产品名称", "Name"), required=True, search=True)
    code = AutoNumber("CP-{0000}", T("产品编码", "Code"))
    series = Text(T("系列", "Series"), search=True)
    category = Choice(T("产品类别", "Category"), dictionary="product_category")
    spec = Text(T("规格型号", "Specification"), search=True)
    unit = Choice(T("单位", "Unit"), dictionary="product_unit")
    price = Money(T("标准价格", "List price"))
    cost = Money(T("成本", "Cost"))
    tax_rate = Percent(T("税率", "Tax rate"))
    active = Boolean(T("在售", "On sale"), default=True)
    image = Image(T("图片", "Picture"))
    tags = Tags(T("标签", "Tags"))
    description = LongText(T("描述", "Description"))

    policy = Policy(read="role", write="role", fields={"cost": "hidden"})
    checks = (rules.sane_prices,)
    views = (
        List(
            columns=("name", "code", "series", "category", "unit", "price", "active"),
            sort=("name",),
            filters=("category", "series", "active", "price", "tags"),
        ),
        List(
            name="on_sale",
            label=T("在售产品", "On sale"),
            columns=("name", "code", "series", "category", "unit", "price"),
            sort=("name",),
            filters=("category", "series"),
            where="active = true",
        ),
        Record(
            highlights=("price", "unit", "active"),
            groups=(
                (T("基本信息", "Basics"), ("name", "code", "series", "category", "spec", "unit", "active", "tags")),
                (T("价格", "Prices"), ("price", "cost", "tax_rate")),
                (T("说明", "Description"), ("image", "description")),
                (T("系统信息", "System"), ("created_by", "created_at", "updated_by", "updated_at")),
            ),
            related=("opportunity",),
        ),
        Form(
            fields=(
                "name",
                "code",
                "series",
                "category",
                "spec",
                "unit",
                "price",
                "cost",
                "tax_rate",
                "active",
                "image",
                "tags",
                "description",
            )
        ),
    )
    indexes = (("name",),)


_WITH_COST: dict[str, Literal["write"]] = {"cost": "write"}
_KEEP = ("read", "create", "update", "delete", "restore", "import", "export")

MODULE = Module(
    name="products",
    label=T("产品", "Products"),
    objects=(Product,),
    needs=("customers",),
    grants={
        "executive": {"product": Grant(("read", "print", "export"), "all", "none", {"cost": "read"})},
        "sales_manager": {"product": Grant((*_KEEP, "print"), "all", "all", _WITH_COST)},
        "sales": {"product": Grant(("read",), "all", "none")},
        "service": {"product": Grant(("read",), "all", "none")},
        "marketing": {"product": Grant(("read", "print", "export"), "all", "none")},
        "finance": {"product": Grant((*_KEEP, "print"), "all", "all", _WITH_COST)},
        "warehouse": {"product": Grant(_KEEP, "all", "all")},
    },
    seed=seeds.seed,
    demo=demo.demo,
)
