import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0001_initial'),
        ('accounts', '0002_tokens_in_clear'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='project',
            field=models.ForeignKey(blank=True, help_text='The one project that it is for; none: all of its user', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='access.project'),
        ),
    ]
