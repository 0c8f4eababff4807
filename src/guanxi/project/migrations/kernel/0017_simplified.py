"""Company names are compared in simplified characters: keys with traditional ones go, and the same start makes them anew."""

from django.db import migrations

from guanxi.base.traditional import characters


class Migration(migrations.Migration):
    dependencies = [("kernel", "0016_stranger")]

    operations = [
        migrations.RunSQL(
            [("DELETE FROM gx_match WHERE EXISTS (SELECT FROM unnest(keys) AS key WHERE key LIKE 'company.%%' AND key ~ %s)", [f"[{characters()}]"])],
            migrations.RunSQL.noop,
        )
    ]
