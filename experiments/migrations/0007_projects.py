"""Data sets and reports belong to a project, those from before to "Default"."""

import django.db.models.deletion
from django.db import migrations, models

from access.project_column import AddProject


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0001_initial'),
        ('experiments', '0006_metric_list'),
    ]

    operations = [
        AddProject(
            model_name='dataset',
            name='project',
            field=models.ForeignKey(db_default=models.Value(1), default=1, on_delete=django.db.models.deletion.PROTECT, related_name='datasets', to='access.project'),
        ),
        AddProject(
            model_name='preflight',
            name='project',
            field=models.ForeignKey(db_default=models.Value(1), default=1, on_delete=django.db.models.deletion.PROTECT, related_name='preflights', to='access.project'),
        ),
    ]
