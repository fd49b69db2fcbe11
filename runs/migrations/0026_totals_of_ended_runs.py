"""Counts and sums over all runs, and those of experiments, read an index instead of the runs."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0025_smaller_journal'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['experiment_name', 'status', 'deleted_at'], name='run_experiments'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('status__in', ('completed', 'failed', 'cancelled'))), fields=['status', 'deleted_at', 'attempt', 'losses', 'last_seq'], name='run_ended_totals'),
        ),
    ]
