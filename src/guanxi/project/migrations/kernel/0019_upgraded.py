from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0018_words_and_owners'),
    ]

    operations = [
        migrations.AddField(
            model_name='workspace',
            name='upgraded',
            field=models.JSONField(db_default={}),
        ),
    ]
