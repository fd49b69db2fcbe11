"""The product's settings with logins as Django has them: for `benchmarks.wrong_passwords`."""

from django.conf import global_settings

from project.settings import *  # noqa: F403

AUTHENTICATION_BACKENDS = list(global_settings.AUTHENTICATION_BACKENDS)
PASSWORD_HASHERS = list(global_settings.PASSWORD_HASHERS)
AXES_ENABLED = False
