"""Runs and groups belong to a project, those from before to "Default".

The columns cost nothing; the indexes of the short rows, which filter by project too, are made again.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from access.project_column import AddProject

drop_triggers = import_module("runs.migrations.0029_listed_runs").drop_triggers


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0001_initial'),
        ('runs', '0029_listed_runs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='listedrun',
            name='listed_facets',
        ),
        migrations.RemoveIndex(
            model_name='listedrun',
            name='listed_owners',
        ),
        migrations.RemoveIndex(
            model_name='listedrun',
            name='listed_data',
        ),
        migrations.RemoveIndex(
            model_name='listedrun',
            name='listed_networks',
        ),
        migrations.RemoveIndex(
            model_name='listedrun',
            name='listed_experiments',
        ),
        migrations.RemoveIndex(
            model_name='listedrun',
            name='listed_groups',
        ),
        AddProject(
            model_name='listedrun',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_default=models.Value(1), db_index=False, default=1, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='access.project'),
        ),
        AddProject(
            model_name='run',
            name='project',
            field=models.ForeignKey(db_default=models.Value(1), db_index=False, default=1, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='access.project'),
        ),
        AddProject(
            model_name='rungroup',
            name='project',
            field=models.ForeignKey(db_default=models.Value(1), default=1, on_delete=django.db.models.deletion.PROTECT, related_name='run_groups', to='access.project'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['status', 'owner', 'source_path', 'model_name', 'project', 'deleted_at'], name='listed_facets'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['owner', 'status', 'deleted_at', 'mark', 'id', 'project'], name='listed_owners'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['source_path', 'status', 'deleted_at', 'mark', 'id', 'project'], name='listed_data'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['model_name', 'status', 'deleted_at', 'mark', 'id', 'project'], name='listed_networks'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['experiment_name', 'status', 'deleted_at', 'mark', 'id', 'project'], name='listed_experiments'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(fields=['project', 'deleted_at', 'id'], name='listed_project'),
        ),
        migrations.AddIndex(
            model_name='listedrun',
            index=models.Index(condition=models.Q(('group__isnull', False)), fields=['group', 'status', 'deleted_at', 'mark', 'id', 'project'], name='listed_groups'),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_triggers),  # backwards this comes first
    ]
