"""Lists choose, count and describe runs by rows of their own, which triggers keep and which are filled after migrating.

Reads every run once: with 100,000 runs some ten seconds.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def drop_triggers(apps, schema_editor):
    """Without their table, they would let every change of a run fail; SQLite drops no column of an index."""
    on = " ON runs_run" if schema_editor.connection.vendor == "postgresql" else ""
    for name in ("listed_run_added", "listed_run_changed", "listed_run_removed"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
    schema_editor.execute("DROP INDEX IF EXISTS listed_search")


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0028_one_index_of_metrics'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ListedRun',
            fields=[
                ('id', models.BigAutoField(help_text="The run's", primary_key=True, serialize=False)),
                ('experiment_name', models.CharField(max_length=200)),
                ('source_path', models.CharField(max_length=4096)),
                ('model_name', models.CharField(max_length=200)),
                ('status', models.CharField(max_length=20)),
                ('training_mode', models.CharField(max_length=20)),
                ('created_at', models.DateTimeField()),
                ('deleted_at', models.DateTimeField(null=True)),
                ('final_split', models.CharField(max_length=10)),
                ('final_precision', models.FloatField(null=True)),
                ('final_recall', models.FloatField(null=True)),
                ('final_f1', models.FloatField(null=True)),
                ('final_auroc', models.FloatField(null=True)),
                ('mark', models.BigIntegerField(help_text='A random number, another one after each change')),
                ('words', models.TextField(help_text='All texts of the run in capitals as the database makes them, one a line')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_chips',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_experiments',
        ),
        migrations.AddField(
            model_name='listedrun',
            name='group',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='runs.rungroup'),
        ),
        migrations.AddField(
            model_name='listedrun',
            name='owner',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['status', 'owner', 'source_path', 'model_name', 'deleted_at'], name='listed_facets'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['owner', 'status', 'deleted_at', 'mark', 'id'], name='listed_owners'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['source_path', 'status', 'deleted_at', 'mark', 'id'], name='listed_data'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['model_name', 'status', 'deleted_at', 'mark', 'id'], name='listed_networks'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['experiment_name', 'status', 'deleted_at', 'mark', 'id'], name='listed_experiments'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(condition=models.Q(('group__isnull', False)), fields=['group', 'status', 'deleted_at', 'mark', 'id'], name='listed_groups'),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_triggers),
    ]
