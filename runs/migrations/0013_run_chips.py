"""The index of the chips no longer draws the list away from the runs' own order."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0012_lasting_events'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='run',
            name='run_chips',
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['owner', 'source_path', 'model_name', 'status', 'deleted_at'], name='run_chips'),
        ),
    ]
