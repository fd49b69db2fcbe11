"""How many bytes the files of a run take, for quotas of projects."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0001_initial'),
        ('runs', '0030_projects'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunDiskUsage',
            fields=[
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='disk_usage', serialize=False, to='runs.run')),
                ('attempt', models.PositiveIntegerField(help_text='After which one they were measured')),
                ('size', models.PositiveBigIntegerField(help_text='Bytes')),
                ('at', models.DateTimeField()),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.project')),
            ],
            options={
                'ordering': ['run'],
                'indexes': [models.Index(fields=['project', 'size'], name='disk_usage_project')],
            },
        ),
    ]
