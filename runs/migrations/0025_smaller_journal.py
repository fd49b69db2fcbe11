from django.db import migrations, models
from django.db.models import Q


def drop_own_indexes(apps, schema_editor):
    """Drop what Django made for the foreign keys: the unique constraints begin with the same column.

    By name, since an AlterField would copy both tables on SQLite, which are nearly the whole database.
    """
    for name in ("RunEvent", "RunMetric"):
        model = apps.get_model("runs", name)
        for index in schema_editor._constraint_names(model, ["run_id"], index=True, unique=False):
            schema_editor.execute(schema_editor._delete_index_sql(model, index))


def create_own_indexes(apps, schema_editor):
    for name in ("RunEvent", "RunMetric"):
        model = apps.get_model("runs", name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[model._meta.get_field("run")]))


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0024_final_by_patient'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_own_indexes, create_own_indexes)],
            state_operations=[
                migrations.AlterField(
                    model_name='runevent',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name='events', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='runmetric',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name='metrics', to='runs.run'),
                ),
            ],
        ),
        migrations.CreateModel(
            name='PackedEvents',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_seq', models.PositiveBigIntegerField()),
                ('last_seq', models.PositiveBigIntegerField()),
                ('count', models.PositiveIntegerField(help_text='Events')),
                ('data', models.BinaryField()),
                ('run', models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name='packed_events', to='runs.run')),
            ],
            options={
                'ordering': ['run', 'first_seq'],
                'constraints': [models.UniqueConstraint(fields=('run', 'first_seq'), name='one_packed_range')],
            },
        ),
        migrations.RemoveIndex(
            model_name='runevent',
            name='lasting_events',
        ),
        migrations.AddIndex(
            model_name='runevent',
            index=models.Index(
                condition=Q(
                    Q(('type', 'batch_metrics'), _negated=True),
                    Q(('type', 'gradient_stats'), _negated=True),
                    Q(('type', 'progress'), _negated=True),
                    Q(('type', 'resource_usage'), _negated=True),
                ),
                fields=['run', 'seq'],
                name='lasting_events',
            ),
        ),
    ]
