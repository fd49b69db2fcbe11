from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('runs', '0022_saved_operating_points'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='description',
            field=models.TextField(blank=True, default='', help_text='What people note about it, in plain text'),
        ),
        migrations.AddField(
            model_name='run',
            name='revision',
            field=models.PositiveIntegerField(default=0, help_text='Of name and description; each change raises it'),
        ),
        migrations.AddField(
            model_name='run',
            name='revised_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='run',
            name='revised_at',
            field=models.DateTimeField(blank=True, help_text='When name or description were last changed', null=True),
        ),
        migrations.AlterField(
            model_name='run',
            name='touched_at',
            field=models.DateTimeField(blank=True, help_text='Last tagged, revised, deleted or restored', null=True),
        ),
    ]
