"""Projects and members. What was there before belongs to the project "Default", and active users train there."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.core.management.color import no_style
from django.db import migrations, models

DEFAULT_PROJECT = 1


def make_default_project(apps, schema_editor):
    """Make the project; users who had an account until now may do there what they could do until now."""
    project = apps.get_model("access", "Project")
    project.objects.create(pk=DEFAULT_PROJECT, name="Default")
    for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [project]):
        schema_editor.execute(statement)  # PostgreSQL would give the same number to the next project
    label, name = settings.AUTH_USER_MODEL.split(".")
    users = apps.get_model(label, name).objects.filter(is_active=True, is_staff=False, is_superuser=False)
    membership = apps.get_model("access", "Membership")
    membership.objects.bulk_create(
        [
            membership(project_id=DEFAULT_PROJECT, user_id=number, role="trainer")
            for number in users.order_by("pk").values_list("pk", flat=True)
        ],
        batch_size=500,
    )


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, validators=[django.core.validators.RegexValidator('^(?!\\d+$)\\S(?:[^\\x00-\\x1f\\x7f]*\\S)?$', 'Give it 1 to 100 characters on one line, not digits alone, without spaces at the ends.')])),
                ('description', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('max_queued', models.PositiveIntegerField(blank=True, help_text='Limit of its queued runs', null=True)),
                ('max_running', models.PositiveIntegerField(blank=True, help_text='Limit of its runs at a time', null=True)),
                ('max_disk_bytes', models.PositiveBigIntegerField(blank=True, help_text='Limit of its files, in bytes', null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'Viewer: sees everything of the project'), ('trainer', 'Trainer: also starts runs, adds data sets, and changes what is theirs'), ('admin', 'Admin: also changes everything of the project, and says who belongs to it')], max_length=10)),
                ('from_group', models.CharField(blank=True, default='', help_text='The group of single sign-on that gave it; blank: by hand', max_length=255)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='access.project')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['project', 'user'],
                'constraints': [models.UniqueConstraint(fields=('user', 'project'), name='one_role_per_member')],
            },
        ),
        migrations.RunPython(make_default_project, migrations.RunPython.noop),
    ]
