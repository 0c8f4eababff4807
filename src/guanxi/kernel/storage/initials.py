"""The letters records are looked up under, for records that were there before their object kept any."""

from __future__ import annotations

from typing import Any

from guanxi.base import pinyin

BATCH = 5_000


def fill(table: str, title: str, people: bool = False) -> Any:
    """What a migration runs (`RunPython(fill("gx_customer", "name"))`). A letter says nothing that the title does not, so it
    needs no event; the guards of the table stand aside while it is filled in."""

    def run(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT id FROM gx_workspace")
            workspaces = [row[0] for row in cursor.fetchall()]
            if not workspaces:
                return
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for workspace in workspaces:
                cursor.execute("SELECT set_config('app.workspace', %s, true)", [str(workspace)])
                last = "00000000-0000-0000-0000-000000000000"
                while True:
                    cursor.execute(f'SELECT id, "{title}" FROM {table} WHERE workspace_id = %s AND id > %s ORDER BY id LIMIT {BATCH}', [workspace, last])
                    found = cursor.fetchall()
                    if not found:
                        break
                    last = found[-1][0]
                    letters = [pinyin.initial(str(name or ""), people) for _, name in found]
                    cursor.execute(
                        f'UPDATE {table} t SET "{title}_initial" = v.letter FROM unnest(%s::uuid[], %s::text[]) AS v(id, letter) WHERE t.id = v.id',
                        [[one for one, _ in found], letters],
                    )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return run
