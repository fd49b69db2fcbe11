"""The numbers of epochs have one index, which grows at its end, instead of two in the order of their names.

SQLite copies the table once: a constraint of the table cannot be removed otherwise.
"""

from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0027_sorted_lists'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='runmetric',
            name='one_value_per_epoch',
        ),
        migrations.RemoveConstraint(
            model_name='runmetric',
            name='one_value_per_client_round',
        ),
        migrations.AddConstraint(
            model_name='runmetric',
            constraint=models.UniqueConstraint(models.F('run'), models.F('epoch'), models.F('metric_name'), models.F('dataset_type'), models.F('context'), models.F('class_name'), Coalesce('client_id', models.Value('')), Coalesce('round_id', models.Value(-1)), name='one_value_per_epoch'),
        ),
    ]
