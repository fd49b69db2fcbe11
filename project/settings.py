"""Settings of the whole server, from typed environment variables; a wrong value fails at start with its name.

Unset, everything runs embedded: one SQLite file, an in-process broker, an in-memory channel layer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from accounts.sign_on import from_settings as sign_on_settings
from project import log_lines
from project.openapi.configuration import SPECTACULAR
from project.setting_values import (
    MailServer,
    attributes,
    boolean,
    bucket,
    count_above_zero,
    count_from_zero,
    database,
    days_or_never,
    endpoint,
    folders,
    host_ports,
    key_of_file,
    long_text,
    mail_address,
    mail_server,
    names,
    number_above_zero,
    number_from_zero,
    one_of,
    ports,
    umask,
    url_of,
    visible,
)

BASE_DIR = Path(__file__).resolve().parent.parent
T = TypeVar("T")


def _read(name: str, parse: Callable[[str], T], default: T, expected: str) -> T:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return parse(raw)
    except ValueError:
        # From None: the cause would show what is hidden here.
        raise ImproperlyConfigured(f"{name}={_without_secrets(name, raw)!r}: expected {expected}.") from None


def _without_secrets(name: str, raw: str) -> str:
    """Hide a token, and what an address has before its @, so that the text may be shown or logged."""
    return "…" if name.endswith(("_TOKEN", "_KEY", "_SECRET")) else re.sub(r"//.*@", "//…@", raw)


# --- Livetrain ---
LIVETRAIN_HOME: Path = _read(
    "LIVETRAIN_HOME", lambda raw: Path(raw).expanduser().resolve(), BASE_DIR / "var", "a folder"
)
UMASK = _read(
    "LIVETRAIN_GROUP_ACCESS",
    umask,
    0o077,
    "none or read: what the group of the server's account may do with the files of the home",
)
os.umask(UMASK)  # whatever the shell's is: the database holds tokens, run files name patients; children inherit it
LIVETRAIN_HOME.mkdir(parents=True, exist_ok=True)
RUNS_ROOT = LIVETRAIN_HOME / "runs"
DATASETS_ROOT = LIVETRAIN_HOME / "datasets"
MODELS_ROOT = LIVETRAIN_HOME / "models"  # starting weights
PREFLIGHTS_ROOT = LIVETRAIN_HOME / "preflights"
MODEL_JOBS_ROOT = LIVETRAIN_HOME / "model-jobs"
FETCHED_MODELS_ROOT = LIVETRAIN_HOME / "fetched_models"  # copies of what the object store has
LIVETRAIN_DATA_ROOTS: list[Path] = _read("LIVETRAIN_DATA_ROOTS", folders, [], "absolute folders, separated by colons")
LIVETRAIN_MODELS: list[str] = _read(
    "LIVETRAIN_MODELS", attributes, [], "package.module:SPEC of each network, separated by commas"
)
FILES_BUCKET, FILES_PREFIX = _read("LIVETRAIN_FILES", bucket, ("", ""), "s3://bucket or s3://bucket/prefix")
FILES_ENDPOINT = _read(
    "AWS_ENDPOINT_URL_S3", endpoint, "", "an address http://… or https://…, without user name and password"
)
CACHE_BYTES = int(_read("LIVETRAIN_CACHE_GIB", number_from_zero, 20.0, "a number of GiB, 0 or more") * 2**30)
KEEP_PICTURES = _read("LIVETRAIN_KEEP_PICTURES", boolean, True, "0 or 1")
UPLOAD_LIMIT_BYTES = int(_read("LIVETRAIN_UPLOAD_LIMIT_GIB", number_above_zero, 16.0, "GiB above 0") * 2**30)
LEASE_SECONDS = _read("LIVETRAIN_LEASE_SECONDS", number_above_zero, 30.0, "seconds above 0")
GRACE_SECONDS = _read("LIVETRAIN_GRACE_SECONDS", number_above_zero, 15.0, "seconds above 0")
FORK_SERVER_IDLE_SECONDS = _read("LIVETRAIN_FORK_SERVER_IDLE_SECONDS", number_from_zero, 600.0, "seconds, 0 or more")
PREFLIGHT_SECONDS = _read("LIVETRAIN_PREFLIGHT_SECONDS", number_above_zero, 600.0, "seconds above 0")
MODEL_JOBS_AT_ONCE = _read("LIVETRAIN_MODEL_JOBS_AT_ONCE", count_from_zero, 1, "a whole number, 0 or more")
MODEL_JOBS_PER_USER = _read("LIVETRAIN_MODEL_JOBS_PER_USER", count_above_zero, 20, "a whole number above 0")
MODEL_JOB_SECONDS = _read("LIVETRAIN_MODEL_JOB_SECONDS", number_above_zero, 3600.0, "seconds above 0")
MODEL_JOB_BYTES = int(_read("LIVETRAIN_MODEL_JOB_GIB", number_above_zero, 10.0, "GiB above 0") * 2**30)
MODEL_JOB_DAYS = _read("LIVETRAIN_MODEL_JOB_DAYS", days_or_never, 30.0, "days above 0, or never")
MODEL_JOB_GPUS: list[str] = _read("LIVETRAIN_MODEL_JOB_GPUS", names, [], "GPUs as CUDA_VISIBLE_DEVICES names them")
PREDICT_PROCESSES = _read("LIVETRAIN_PREDICT_PROCESSES", count_above_zero, 2, "a whole number above 0")
PREDICT_IDLE_SECONDS = _read("LIVETRAIN_PREDICT_IDLE_SECONDS", number_above_zero, 300.0, "seconds above 0")
PREDICT_FILES = _read("LIVETRAIN_PREDICT_FILES", count_above_zero, 100, "a whole number above 0")
PREDICT_BYTES = int(min(_read("LIVETRAIN_PREDICT_MIB", number_above_zero, 32.0, "MiB above 0"), 32) * 2**20)
PREDICT_ROWS = _read("LIVETRAIN_PREDICT_ROWS", count_above_zero, 1000, "a whole number above 0")
ATTEMPT_LIMIT = int(_read("LIVETRAIN_ATTEMPT_LIMIT", number_above_zero, 5.0, "a number above 0"))
CRASH_RETRIES = _read("LIVETRAIN_CRASH_RETRIES", count_from_zero, 1, "a whole number, 0 or more")
RUNS_PER_USER: int | None = _read("LIVETRAIN_RUNS_PER_USER", count_above_zero, None, "a whole number above 0")
GPUS = visible(os.environ.get("CUDA_VISIBLE_DEVICES"))  # None: all there are

NODE_ADDRESS = _read("LIVETRAIN_NODE_ADDRESS", str, "", "an address of this machine")
RETENTION_DAYS = _read("LIVETRAIN_RETENTION_DAYS", number_above_zero, 30.0, "days above 0")
AUDIT_DAYS = _read("LIVETRAIN_AUDIT_DAYS", days_or_never, float("inf"), "days above 0, or never")
UNDO_DAYS = _read("LIVETRAIN_UNDO_DAYS", number_from_zero, 7.0, "days, 0 or more")
LOGIN_TRIES = _read("LIVETRAIN_LOGIN_TRIES", count_above_zero, 5, "a whole number above 0")
LOGIN_LOCK_MINUTES = _read("LIVETRAIN_LOGIN_LOCK_MINUTES", number_above_zero, 15.0, "minutes above 0")
DEFAULT_ROLE = _read("LIVETRAIN_DEFAULT_ROLE", one_of("viewer", "trainer"), "", "viewer or trainer")
PASSWORD_LOGIN = _read("LIVETRAIN_PASSWORD_LOGIN", one_of("yes", "no", "superusers"), "yes", "yes, no or superusers")
SIGN_ON = sign_on_settings.configured(
    issuer=_read("LIVETRAIN_OIDC_ISSUER", sign_on_settings.issuer, "", "an address https://… as its metadata name it"),
    client_id=_read("LIVETRAIN_OIDC_CLIENT_ID", str, "", "a name"),
    secret=_read("LIVETRAIN_OIDC_CLIENT_SECRET", str, "", "a text"),
    secret_file=_read("LIVETRAIN_OIDC_CLIENT_SECRET_FILE", str, "", "a file"),
    name=_read("LIVETRAIN_OIDC_NAME", sign_on_settings.label, "single sign-on", "up to 60 characters on one line"),
    scopes=_read("LIVETRAIN_OIDC_SCOPES", sign_on_settings.scopes, ("openid", "profile", "email"), "names of scopes"),
    username_claim=_read("LIVETRAIN_OIDC_USERNAME_CLAIM", sign_on_settings.claim, "preferred_username", "a claim"),
    groups_claim=_read("LIVETRAIN_OIDC_GROUPS_CLAIM", sign_on_settings.claim, "groups", "a claim"),
    groups=_read("LIVETRAIN_OIDC_GROUPS", str, "", "a mapping"),
    required=_read("LIVETRAIN_OIDC_REQUIRED_GROUP", str, "", "groups"),
    acr=_read("LIVETRAIN_OIDC_ACR", str, "", "values"),
    password_login=PASSWORD_LOGIN,
)
METRICS_TOKEN = _read("LIVETRAIN_METRICS_TOKEN", long_text, "", "16 characters or more")
TOKEN_LIMIT_DAYS = _read("LIVETRAIN_TOKEN_LIMIT_DAYS", days_or_never, 366.0, "days above 0, or never")
TOKEN_DAYS = min(_read("LIVETRAIN_TOKEN_DAYS", number_above_zero, 90.0, "days above 0"), TOKEN_LIMIT_DAYS)

REDIS_URL = _read("REDIS_URL", url_of("redis", "rediss", "unix"), "", "an address redis://…, rediss://… or unix://…")
BROKER_URL = _read(
    "BROKER_URL", url_of("db", "redis", "rediss", "amqp", "amqps"), "db://", "db://, redis://… or amqp://…"
)
BROKER_EMBEDDED = BROKER_URL.startswith("db:")  # workers feed themselves from the Run table
BROKER_FACTORY = "project.broker.connect"
PUBLIC_URL = _read("LIVETRAIN_PUBLIC_URL", url_of("http", "https"), "", "an address http://… or https://…")
HTTPS = PUBLIC_URL.startswith("https://")

# --- Notifications ---
WEBHOOK_HOSTS: list[tuple[str, int | None]] = _read("LIVETRAIN_WEBHOOK_HOSTS", host_ports, [], "chat.example:8065, …")
WEBHOOK_PORTS = _read("LIVETRAIN_WEBHOOK_PORTS", ports, [443, 8443], "ports, separated by commas")
WEBHOOK_HTTP = _read("LIVETRAIN_WEBHOOK_HTTP", boolean, False, "0 or 1")
_MAIL = _read("LIVETRAIN_EMAIL_URL", mail_server, None, "smtp+tls://user:password@host, smtps://… or smtp://…")
EMAIL_READY, EMAIL_TIMEOUT = _MAIL is not None, 10  # seconds, of each step
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL or MailServer()
_FROM = f"livetrain@{urlsplit(PUBLIC_URL).hostname or 'localhost'}"
DEFAULT_FROM_EMAIL = _read("LIVETRAIN_EMAIL_FROM", mail_address, _FROM, "an address such as livetrain@example.org")
EMAIL_DOMAINS: list[str] = _read("LIVETRAIN_EMAIL_DOMAINS", names, [], "domains, separated by commas")

# --- Django ---
SECRET_KEY = os.environ.get("LIVETRAIN_SECRET_KEY") or key_of_file(LIVETRAIN_HOME / "secrets" / "django.key")
DEBUG = _read("LIVETRAIN_DEBUG", boolean, False, "0 or 1")
ALLOWED_HOSTS = _read(
    "LIVETRAIN_ALLOWED_HOSTS",
    names,
    ["localhost", "127.0.0.1", "[::1]", *([urlsplit(PUBLIC_URL).hostname or ""] if PUBLIC_URL else [])],
    "host names, separated by commas",
)
INSTALLED_APPS = [
    # before the admin, so that their templates win over its own
    "access.apps.AccessConfig",
    "runs.apps.RunsConfig",
    "accounts.apps.AccountsConfig",
    "notifications.apps.NotificationsConfig",
    "audit.apps.AuditConfig",
    "realtime.apps.RealtimeConfig",
    "experiments.apps.ExperimentsConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",  # project.urls finds the pages: commands need none
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "rest_framework",
    "axes",
    "knox",
    "drf_spectacular",  # its command, and templates
    "drf_spectacular_sidecar",  # scripts and styles of the API's page
]
KNOX_TOKEN_MODEL = "accounts.APIToken"  # noqa: S105  (no secret, but a model)
MIGRATION_MODULES = {"knox": None}  # its own table of tokens is not used
REST_KNOX = {"TOKEN_PREFIX": "livetrain_"}  # by which scanners of repositories and logs know a secret
MIDDLEWARE = [
    "request_ids.middleware.identified",  # first, so that whatever the others log has it
    "project.answer_headers.answer_headers",  # before the others, so that their refusals have them too
    "project.held_turns.ends_turns",
    "realtime.logins.audited_requests.audited",
    "django.middleware.security.SecurityMiddleware",
    "project.answer_headers.UsualPolicy",
    "project.request_bodies.body_limit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "project.known_users.SessionUsers",
    "realtime.logins.refused_logins.answers_refused",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
if SIGN_ON:  # only then is anything of its library loaded
    INSTALLED_APPS += sign_on_settings.APPS
    MIDDLEWARE += sign_on_settings.MIDDLEWARE
    globals().update(sign_on_settings.OF_ALLAUTH)
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

_ADDRESS = _read(
    "DATABASE_URL", url_of("postgres", "postgresql", "sqlite"), "", "an address postgres://… or sqlite://…"
)
DATABASES = {"default": database(_ADDRESS, LIVETRAIN_HOME, LEASE_SECONDS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# channels-redis' sockets idle longer than redis-py's default time-out; pub/sub has no capacity that drops silently.
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if FILES_BUCKET:  # its module loads boto3, when it is first used; boto3 itself looks for keys, region and profile
    STORAGES["runs"] = {
        "BACKEND": "runs.files.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": FILES_BUCKET,
            "location": FILES_PREFIX,
            "endpoint_url": FILES_ENDPOINT or None,
            "addressing_style": "path" if FILES_ENDPOINT else "auto",  # few others have a host name per bucket
        },
    }

# Failed tries: see realtime.logins. Its own answer (W002) is ours, which says what to do and when.
AUTHENTICATION_BACKENDS = [
    "realtime.logins.throttled_backend.ThrottledLogins",
    "django.contrib.auth.backends.ModelBackend",
]
if SIGN_ON:
    AUTHENTICATION_BACKENDS.append(sign_on_settings.BACKEND)
AXES_HANDLER = f"realtime.logins.attempt_handlers.{'RedisAttempts' if REDIS_URL else 'DatabaseAttempts'}"
AXES_FAILURE_LIMIT = "realtime.logins.failed_tries.limit"
AXES_USERNAME_CALLABLE = "realtime.logins.failed_tries.name_of"
AXES_CLIENT_IP_CALLABLE = "realtime.logins.client_address.address_of"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_LOCK_MINUTES)
AXES_RESET_ON_SUCCESS, AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = True, False
AXES_DISABLE_ACCESS_LOG, AXES_ENABLE_ADMIN, AXES_VERBOSE = True, False, False
AXES_SENSITIVE_PARAMETERS = ["username"]  # who mistakes the field types a password there
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "livetrain",
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},  # a login must not wait for one that hangs
        }
    }

PASSWORD_HASHERS = ["realtime.logins.bounded_hashing.BoundedPBKDF2", *global_settings.PASSWORD_HASHERS[1:]]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},  # there is no second factor
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
AUTH_PASSWORD_VALIDATORS += [{"NAME": "accounts.new_passwords.EndsTokens"}]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "run-list-page"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_RESET_TIMEOUT = 3600  # seconds a one-time login link lives

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [("vendor/uplot", BASE_DIR / "node_modules" / "uplot" / "dist")]
WHITENOISE_USE_FINDERS = True  # no collectstatic step: static files are few and served from where they lie
WHITENOISE_MAX_AGE = 60
HELP_ROOT = BASE_DIR / "docs" / "_build" / "html"  # where `make docs` puts the pages

TOKENS_IN_ADDRESSES = _read("LIVETRAIN_TOKENS_IN_ADDRESSES", boolean, False, "0 or 1")
SESSION_ENGINE = "project.sessions"
SESSION_COOKIE_AGE = int(_read("LIVETRAIN_SESSION_HOURS", number_above_zero, 168.0, "hours above 0") * 3600)
SESSION_IDLE_SECONDS = _read("LIVETRAIN_SESSION_IDLE_HOURS", number_above_zero, 24.0, "hours above 0") * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]  # asked from beside the server, not through its proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_FAILURE_VIEW = "project.error_answers.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL.rstrip("/")] if PUBLIC_URL else []
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "project.known_users.TokenUsers",
        "project.known_users.SessionsWithCSRF",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "EXCEPTION_HANDLER": "runs.api.exception_handler.exception_handler",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS tells methods; the schema tells the rest
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["runs.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "project.openapi.auto_schema.DescribedSchema",
    "SCHEMA_COERCE_PATH_PK": False,
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter like others: unknown where none is declared
}
SPECTACULAR_SETTINGS = SPECTACULAR
FILE_UPLOAD_PERMISSIONS = None  # as UMASK says
DATA_UPLOAD_MAX_NUMBER_FILES = max(100, PREDICT_FILES)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # of forms; project.request_bodies bounds what the REST API takes

LOGGING = log_lines.configuration(
    _read("LIVETRAIN_LOG_FORMAT", one_of("text", "json"), "text", "text or json"),
    _read("LIVETRAIN_LOG_LEVEL", str, "INFO", "a level"),
)
