"""Counts and sums over all runs read an index of the ended ones, whose rows are written once, and few other rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0024_final_by_patient'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('status__in', ('completed', 'failed', 'cancelled'))), fields=['status', 'deleted_at', 'attempt', 'losses', 'last_seq'], name='run_ended_totals'),
        ),
    ]
