from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0023_description'),
    ]

    operations = [
        migrations.AddField(
            model_name='finalresult',
            name='by_patient',
            field=models.JSONField(help_text='One sample for each patient: events.PatientStats', null=True),
        ),
    ]
