from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string


class ExperimentsConfig(AppConfig):
    name = "experiments"

    def ready(self) -> None:
        """Actors bind to the broker that exists when they are imported, so it is connected first."""
        import_string(settings.BROKER_FACTORY)()
