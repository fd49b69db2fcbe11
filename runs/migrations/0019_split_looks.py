from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0018_final_calibration'),
    ]

    operations = [
        migrations.CreateModel(
            name='SplitLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identity', models.CharField(help_text="Of the split's samples: FinalStats.split_identity", max_length=64)),
                ('run_number', models.PositiveBigIntegerField(help_text='No foreign key: runs are purged, their numbers stay')),
                ('group_number', models.PositiveBigIntegerField(help_text='Of a fold, its group', null=True)),
                ('attempt', models.PositiveIntegerField()),
                ('at', models.DateTimeField(help_text='When the evaluation had ended')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['run_number'], name='look_of_run')],
                'constraints': [models.UniqueConstraint(fields=('identity', 'run_number', 'attempt'), name='one_look_per_attempt')],
            },
        ),
    ]
