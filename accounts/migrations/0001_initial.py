import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='APIToken',
            fields=[
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expiry', models.DateTimeField(blank=True, null=True)),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('digest', models.CharField(editable=False, max_length=128, unique=True)),
                ('token_key', models.CharField(editable=False, max_length=15, verbose_name='begins with')),
                ('name', models.CharField(max_length=100)),
                ('scope', models.CharField(choices=[('read', 'Read: see runs, files and data sets, follow runs live'), ('train', 'Train: read, and start, stop and change what is yours'), ('admin', 'Admin: everything that your account may do, with the rights of staff if it has them')], default='train', max_length=10)),
                ('last_used', models.DateTimeField(blank=True, editable=False, help_text='To the minute', null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_token_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'abstract': False,
            },
        ),
    ]
