import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0009_fill_run_list'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunSamples',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=30)),
                ('first_seq', models.PositiveBigIntegerField()),
                ('last_seq', models.PositiveBigIntegerField()),
                ('count', models.PositiveIntegerField(help_text='Samples')),
                ('names', models.TextField(help_text='The curves in it, as a JSON array')),
                ('data', models.BinaryField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='runs.run')),
            ],
            options={
                'ordering': ['run', 'type', 'first_seq'],
                'constraints': [models.UniqueConstraint(fields=('run', 'type', 'first_seq'), name='one_chunk_per_range')],
            },
        ),
    ]
