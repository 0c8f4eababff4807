import guanxi.kernel.storage.tables
from django.db import migrations, models


class Migration(migrations.Migration):
    """Each workspace has its own place in the journal for every reader; with one for all, what one workspace had read
    was passed over in the others."""

    dependencies = [
        ('kernel', '0011_match'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    """
                    ALTER TABLE gx_consumer ADD workspace_id uuid;
                    ALTER TABLE gx_consumer DROP CONSTRAINT gx_consumer_pkey;
                    INSERT INTO gx_consumer (workspace_id, name, xid, event_id) SELECT w.id, c.name, c.xid, c.event_id FROM gx_consumer c, gx_workspace w;
                    DELETE FROM gx_consumer WHERE workspace_id IS NULL;
                    ALTER TABLE gx_consumer ADD PRIMARY KEY (workspace_id, name);
                    """,
                    elidable=False,
                ),
            ],
            state_operations=[
                migrations.DeleteModel(name='Consumer'),
                migrations.CreateModel(
                    name='Consumer',
                    fields=[
                        ('pk', models.CompositePrimaryKey('workspace_id', 'name', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('workspace_id', models.UUIDField()),
                        ('name', models.TextField()),
                        ('xid', guanxi.kernel.storage.tables.Xid8Field()),
                        ('event_id', models.UUIDField(null=True)),
                    ],
                    options={'db_table': 'gx_consumer'},
                ),
            ],
        ),
    ]
