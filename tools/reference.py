"""Writes docs/reference/{objects,field-types,roles,figures}.md from the declarations: python tools/reference.py

A test compares the committed files with what this writes, so that no object, field type, action or role goes without a word.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "<!-- Written by tools/reference.py from the declarations: change those, then run it. -->\n\n"


def objects() -> str:
    from guanxi.kernel.catalog.catalog import REGISTRY

    out = [HEAD, "# 对象 / Objects\n\nEvery kind of record, its fields, and what can be done with it. `*`: required; `=`: filled in by the program.\n"]
    for module in REGISTRY.modules:
        out.append(f"\n## {module.label.zh} / {module.label.en} (`{module.name}`)\n")
        for it in (d for d in REGISTRY.objects.values() if d.module == module.name):
            out.append(f"\n### {it.label.zh} / {it.label.en} (`{it.name}`, `/api/v1/{it.plural}`)\n\n{' '.join(it.doc.split())}\n\n")
            out.append("| 字段 / Field | 名称 / Label | 类型 / Type |\n|---|---|---|\n")
            for one in it.fields.values():
                if one.system:
                    continue
                sign = "*" if one.required else "=" if one.readonly else ""
                target = f" → `{one.target}`" if hasattr(one, "target") else ""
                out.append(f"| `{one.name}`{sign} | {one.label.zh} / {one.label.en} | `{one.kind}`{target} |\n")
            actions = [a for a in it.verbs.values() if a is not None and not a.internal]
            verbs = ", ".join(f"`{v}`" for v, a in it.verbs.items() if a is None)
            out.append(f"\n操作 / Actions: {verbs}" + "".join(f", `{a.name}` ({a.label.zh} / {a.label.en})" for a in actions) + "\n")
    return "".join(out)


def field_types() -> str:
    from guanxi.kernel.declare.fields import KINDS

    out = [HEAD, "# 字段类型 / Field types\n\n| 类型 / Type | 说明 / Is | 筛选 / Filters |\n|---|---|---|\n"]
    for kind, cls in sorted(KINDS.items()):
        doc = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
        out.append(f"| `{kind}` | {doc} | {' '.join(f'`{op}`' for op in cls.operators)} |\n")
    return "".join(out)


def roles() -> str:
    from guanxi.kernel.access.rights import SCOPE_LABELS
    from guanxi.kernel.catalog.catalog import REGISTRY
    from guanxi.kernel.setup import ROLES

    out = [HEAD, "# 角色 / Roles\n\nThe roles a workspace starts with; an administrator may change each of them and add others.\n"]
    for key, (zh, en) in ROLES.items():
        out.append(f"\n## {zh} / {en} (`{key}`)\n\n")
        if key == "admin":
            out.append("可以做一切，包括以后新增的对象。 / May do everything, with objects still to come too.\n")
            continue
        rows = [(name, grant) for module in REGISTRY.modules for name, grant in module.grants.get(key, {}).items()]
        if not rows:
            out.append("暂无预设权限。 / Nothing is granted at the start.\n")
            continue
        out.append("| 对象 / Object | 操作 / May | 看 / Reads | 改 / Writes | 字段 / Fields |\n|---|---|---|---|---|\n")
        for name, grant in rows:
            it = REGISTRY.objects[name]
            levels = ", ".join(f"`{f}` {level}" for f, level in grant.fields.items())
            out.append(f"| {it.label.zh} / {it.label.en} | {' '.join(grant.verbs)} | {SCOPE_LABELS[grant.read].zh} / {SCOPE_LABELS[grant.read].en} | {SCOPE_LABELS[grant.write].zh} / {SCOPE_LABELS[grant.write].en} | {levels} |\n")
    return "".join(out)


def figures() -> str:
    from guanxi.kernel.catalog.catalog import REGISTRY
    from guanxi.kernel.declare.figures import WHEN

    out = [HEAD, "# 首页与仪表盘 / The first page and dashboards\n\nWhat the modules declare; [figures.md](../figures.md) says how.\n"]
    out.append("\n## 待办计数 / Counters\n\n| 何时 / When | 名称 / Label | 对象 / Object | 条件 / Condition |\n|---|---|---|---|\n")
    counters = [one for module in REGISTRY.modules for one in module.counters]
    for one in sorted(counters, key=lambda c: list(WHEN).index(c.group)):
        out.append(f"| {WHEN[one.group].zh} / {WHEN[one.group].en} | {one.label.zh} / {one.label.en} | `{one.object}` | `{one.where}` |\n")
    out.append("\n## 个人与团队数字 / Figures of people\n\n| 名称 / Label | 对象 / Object | 指标 / Measure | 条件 / Condition | 日期 / Date |\n|---|---|---|---|---|\n")
    for figure in (f for module in REGISTRY.modules for f in module.figures):
        out.append(f"| {figure.label.zh} / {figure.label.en} | `{figure.object}` | `{figure.measure}` | {f'`{figure.where}`' if figure.where else ''} | {f'`{figure.date}`' if figure.date else ''} |\n")
    for module in REGISTRY.modules:
        for board in module.dashboards:
            out.append(f"\n## {board.label.zh} / {board.label.en} (`{module.name}.{board.name}`)\n\n| 组件 / Part | 类型 / Kind | 对象 / Object | 指标 / Measure | 分组 / By | 条件 / Condition |\n|---|---|---|---|---|---|\n")
            for w in board.widgets:
                by, where = ", ".join(f"`{g}`" for g in w.group_by), f"`{w.where}`" if w.where else ""
                out.append(f"| {w.title.zh} / {w.title.en} | `{w.kind}` | `{w.object}` | `{w.measure}` | {by} | {where} |\n")
    return "".join(out)


PAGES = {"objects.md": objects, "field-types.md": field_types, "roles.md": roles, "figures.md": figures}


def pages() -> dict[str, str]:
    """Every page by its name."""
    return {name: write() for name, write in PAGES.items()}


def main() -> None:
    sys.path.insert(0, str(ROOT / "src"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.project.settings")
    import django

    django.setup()
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
