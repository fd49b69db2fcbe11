from datetime import datetime

import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def _as_they_waited(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Runs keep the order they came in. Those that wait do so since their newest event, as it was reckoned so far."""
    run, event = apps.get_model("runs", "Run"), apps.get_model("runs", "RunEvent")
    run.objects.update(turn=F("created_at"), queued_at=F("created_at"))
    newest = event.objects.filter(run__status="queued", seq=F("run__last_seq")).values_list("run_id", "timestamp")
    for run_id, timestamp in newest.iterator():
        run.objects.filter(pk=run_id).update(queued_at=datetime.fromisoformat(timestamp))


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0010_run_samples'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Of its host and process; its runs name it', max_length=200, unique=True)),
                ('host', models.CharField(max_length=200)),
                ('slots', models.PositiveIntegerField(help_text='Trainings at once')),
                ('gpus', models.JSONField(default=list, help_text='Ids of the GPUs that it gives to its trainings')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='run',
            name='replaced',
            field=models.BooleanField(default=False, help_text='Of a fold: a retry has taken its place in the group'),
        ),
        migrations.AddField(
            model_name='run',
            name='turn',
            field=models.DateTimeField(default=django.utils.timezone.now, help_text='Of a queued run: among equal priorities the earliest is started first'),
        ),
        migrations.AddField(
            model_name='run',
            name='queued_at',
            field=models.DateTimeField(blank=True, help_text='Since when it waits, or waited last; moving it changes nothing', null=True),
        ),
        migrations.RemoveConstraint(
            model_name='run',
            name='one_run_per_fold',
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('replaced', False)), fields=('group', 'fold'), name='one_run_per_fold'),
        ),
        migrations.RunPython(_as_they_waited, migrations.RunPython.noop),
    ]
