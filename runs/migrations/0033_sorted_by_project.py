"""The indexes that lists of runs are sorted by have the project too: runs of others are passed over without their rows.

Makes five indexes again and no table: with 100,000 runs about a second.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0032_status_changes'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='run', name='run_best_value'),
        migrations.AddIndex(model_name='run', index=models.Index(fields=['best_value', 'deleted_at', 'project'], name='run_best_value')),
        migrations.RemoveIndex(model_name='run', name='run_final_precision'),
        migrations.AddIndex(model_name='run', index=models.Index(fields=['final_precision', 'final_split', 'deleted_at', 'project'], name='run_final_precision')),
        migrations.RemoveIndex(model_name='run', name='run_final_recall'),
        migrations.AddIndex(model_name='run', index=models.Index(fields=['final_recall', 'final_split', 'deleted_at', 'project'], name='run_final_recall')),
        migrations.RemoveIndex(model_name='run', name='run_final_f1'),
        migrations.AddIndex(model_name='run', index=models.Index(fields=['final_f1', 'final_split', 'deleted_at', 'project'], name='run_final_f1')),
        migrations.RemoveIndex(model_name='run', name='run_final_auroc'),
        migrations.AddIndex(model_name='run', index=models.Index(fields=['final_auroc', 'final_split', 'deleted_at', 'project'], name='run_final_auroc')),
    ]
