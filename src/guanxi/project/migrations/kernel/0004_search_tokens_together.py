from __future__ import annotations

from typing import ClassVar

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    """Entries are sorted into the index of words many at a time: about half the work for an import."""

    dependencies: ClassVar = [("kernel", "0003_desk")]
    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX gx_search_tokens SET (fastupdate = on)", "ALTER INDEX gx_search_tokens SET (fastupdate = off)"
                )
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="searchentry", name="gx_search_tokens"),
                migrations.AddIndex(
                    model_name="searchentry",
                    index=django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name="gx_search_tokens"),
                ),
            ],
        )
    ]
