"""The configuration of the application `experiments`."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from experiments.checks import check_data_roots, check_lease
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.networks import network_catalogue
from runs.check_tags import INSTALLATION


class ExperimentsConfig(AppConfig):
    """Connects the broker and registers checks and networks when the server starts."""

    name = "experiments"

    def ready(self) -> None:
        """Register system checks, connect the broker, and say what takes space, and where metrics and networks are.

        Actors bind to the broker that exists when they are imported, so it is connected first. Own networks are known
        before the first request names one. Raises ImproperlyConfigured.
        """
        register(check_data_roots, INSTALLATION)
        register(check_lease, INSTALLATION)
        import_string(settings.BROKER_FACTORY)()
        import_string("runs.quotas.disk_usage.add_part")(import_string("experiments.files.upload_space.bytes_of"))
        import_string("runs.quotas.disk_usage.add_part")(import_string("experiments.model_jobs.job_space.bytes_of"))
        import_string("runs.removal.deletion.add_effect")(
            import_string("experiments.model_jobs.requests.cancel_all_of")
        )
        metric_catalogue.read_from(import_string("experiments.metric_list.read"))
        try:
            network_catalogue.install(settings.LIVETRAIN_MODELS)
        except network_catalogue.CatalogueError as error:
            raise ImproperlyConfigured(f"A network of your own (LIVETRAIN_MODELS or entry point): {error}") from error
