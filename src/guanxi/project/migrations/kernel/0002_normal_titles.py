"""Databases made before titles were kept in normal form too: their tables get the column here, new ones with their table."""

from django.db import migrations

TITLES = {
    "department": "name", "user": "name", "role": "name", "dictionary": "name", "dictionary_entry": "name", "custom_field": "name",
    "exchange_rate": "currency", "customer": "name", "contact": "name", "product": "name", "pipeline": "name", "stage": "name",
    "lead": "name", "opportunity": "name", "stage_history": "note", "activity": "summary", "task": "subject",
}  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE IF EXISTS gx_{table} ADD COLUMN IF NOT EXISTS {title}_normal text "
            f"GENERATED ALWAYS AS (NULLIF(lower(normalize({title}, NFKC)), {title})) STORED",
            migrations.RunSQL.noop,
        )
        for table, title in TITLES.items()
    ]
