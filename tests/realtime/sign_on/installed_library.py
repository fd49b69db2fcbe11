"""The library of single sign-on, installed for some tests: as the settings do it, but in a process that runs already.

Django's own way to change `INSTALLED_APPS` would make all apps ready again, and with them another broker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import AppConfig, apps
from django.conf import settings
from django.test import override_settings

from accounts.sign_on import from_settings as sign_on_settings


@contextmanager
def installed_library() -> Iterator[None]:
    """Install its apps and middleware; its tables are not made, as nothing may ask for them."""
    added = [AppConfig.create(name) for name in sign_on_settings.APPS]
    for config in added:
        apps.app_configs[config.label], config.apps = config, apps
        config.models = apps.all_models[config.label]
    apps.clear_cache()
    for config in added:
        config.import_models()
    changed = {
        "MIDDLEWARE": [*settings.MIDDLEWARE, *sign_on_settings.MIDDLEWARE],
        "AUTHENTICATION_BACKENDS": [*settings.AUTHENTICATION_BACKENDS, sign_on_settings.BACKEND],
    }
    try:
        with override_settings(**changed, **sign_on_settings.OF_ALLAUTH):
            yield
    finally:
        for config in added:
            del apps.app_configs[config.label]
        apps.clear_cache()
