from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0022_saved_operating_points'),
    ]

    operations = [
        migrations.AddField(
            model_name='finalresult',
            name='by_patient',
            field=models.JSONField(help_text='One sample for each patient: events.PatientStats', null=True),
        ),
    ]
