"""Events are filtered by the name of a user: an index finds those of somebody who has few among many.

Makes no table again, so the triggers stay.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['user_name', 'id'], name='audit_user_name'),
        ),
    ]
