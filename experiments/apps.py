from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from experiments.training.models import catalogue


class ExperimentsConfig(AppConfig):
    name = "experiments"

    def ready(self) -> None:
        """Actors bind to the broker that exists when they are imported, so it is connected first.

        A team's networks are known before the first request names one.
        """
        import_string(settings.BROKER_FACTORY)()
        try:
            catalogue.install(settings.LIVETRAIN_MODELS)
        except catalogue.CatalogueError as error:
            raise ImproperlyConfigured(f"A network of your own (LIVETRAIN_MODELS or entry point): {error}") from error
