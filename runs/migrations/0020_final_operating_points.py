from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0019_split_looks'),
    ]

    operations = [
        migrations.AddField(
            model_name='finalresult',
            name='operating_points',
            field=models.JSONField(default=list, help_text='Of two classes: events.OperatingPoint'),
        ),
    ]
