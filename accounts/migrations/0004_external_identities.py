import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_token_project"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExternalIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "issuer",
                    models.CharField(help_text="The provider's address: LIVETRAIN_OIDC_ISSUER", max_length=255),
                ),
                (
                    "subject",
                    models.CharField(
                        help_text="The claim “sub”; the page of a refused login shows it", max_length=255
                    ),
                ),
                ("linked_at", models.DateTimeField(auto_now_add=True)),
                ("last_login", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="external_identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "external identity",
                "verbose_name_plural": "external identities",
                "constraints": [
                    models.UniqueConstraint(fields=("issuer", "subject"), name="one_user_per_identity")
                ],
            },
        ),
    ]
