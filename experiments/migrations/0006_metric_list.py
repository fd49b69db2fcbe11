from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0005_cancelled_preflights'),
    ]

    operations = [
        migrations.CreateModel(
            name='MetricList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Version of the library and revision of the list', max_length=100, unique=True)),
                ('metrics', models.TextField(help_text='A `metric_catalogue.Catalogue` as JSON')),
            ],
            options={
                'ordering': ['key'],
            },
        ),
    ]
