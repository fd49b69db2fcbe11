import hashlib
from datetime import timedelta

from django.db import migrations
from django.utils import timezone

EARLIER = "authtoken_token"
LIFE = timedelta(days=180)


def keep_digests(apps, schema_editor):
    """Take over the tokens that stood in clear, and remove their table: programs that send them go on for a while.

    The rows of its migrations go too: an earlier version that is set up again makes the table, empty.
    """
    connection = schema_editor.connection
    if EARLIER not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten in the file
        key = schema_editor.quote_name("key")
        cursor.execute(f"SELECT {key}, user_id FROM {EARLIER} ORDER BY user_id")
        tokens = cursor.fetchall()
    ends = timezone.now() + LIFE
    model = apps.get_model("accounts", "APIToken")
    model.objects.bulk_create(
        model(
            user_id=user_id,
            digest=hashlib.sha512(text.encode()).hexdigest(),
            token_key=text[:8],
            name="migrated",
            scope="admin",
            expiry=ends,
        )
        for text, user_id in tokens
    )
    schema_editor.execute(f"DELETE FROM {EARLIER}")
    schema_editor.execute(f"DROP TABLE {EARLIER}")
    schema_editor.execute("DELETE FROM django_migrations WHERE app = 'authtoken'")
    apps.get_model("auth", "Permission").objects.filter(content_type__app_label="authtoken").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.RunPython(keep_digests, migrations.RunPython.noop),
    ]
