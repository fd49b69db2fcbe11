"""Subscriptions that belong to a project stay when their user is deleted; nothing changes in the database."""

from django.conf import settings
from django.db import migrations, models

import notifications.models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='subscription',
            name='user',
            field=models.ForeignKey(on_delete=notifications.models.hand_over, related_name='subscriptions', to=settings.AUTH_USER_MODEL),
        ),
    ]
