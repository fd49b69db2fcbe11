"""How the server logs: without the secrets of addresses, and one short line for what strangers send.

Loaded by the settings, before the apps: it imports none of them.
"""

from __future__ import annotations

import logging
import re
from typing import Any

LONGEST_REFUSAL = 300
"""Characters of a line about a refused request, whose headers a stranger may fill at will."""
_SECRETS = re.compile(
    r"(?P<link>/login/once/|/notifications/unsubscribe/)[^\s\"'<>]+|(?P<shared>/shared/)[^\s\"'<>/?#]+"
    r"|(?P<parameter>\b(?:token|ticket)=)[^\s\"'<>&]+|(?P<begins>livetrain_)[0-9a-f]{32,}",
    re.IGNORECASE,
)


def configuration(lines: str, level: str) -> dict[str, Any]:
    """Return Django's setting `LOGGING`: everything goes to the console, as `text` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": "runs.json_logging.JsonLines"},
        },
        "filters": {"brief": {"()": BriefRefusals}, "hidden": {"()": HiddenSecrets}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": lines, "filters": ["brief", "hidden"]},
        },
        "loggers": {
            "django": {"handlers": []},  # its own ones know no filters of ours
            "axes": {"level": "ERROR"},  # realtime.logins has a line of its own for each try
        },
        "root": {"handlers": ["console"], "level": level},
    }


def without_secrets(text: str) -> str:
    """Cut one-time links, share links, links that end e-mails, tokens and tickets out of the addresses in a text."""
    kept = ("link", "shared", "parameter", "begins")
    return _SECRETS.sub(lambda found: f"{next(filter(None, map(found.__getitem__, kept)))}…", text)


class HiddenSecrets(logging.Filter):
    """Takes the secrets out of every line, and out of tracebacks.

    Django logs the whole path of a request that it refuses, and exceptions repeat what they were about.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it has a secret; it is always logged."""
        said = record.getMessage()
        if _SECRETS.search(said):
            record.msg, record.args = without_secrets(said), ()
        if record.exc_info:
            record.exc_text = without_secrets(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True


class BriefRefusals(logging.Filter):
    """Makes one short line at WARNING of what was refused: Django writes a traceback, for suspicious ones at ERROR.

    Anybody can send a wrong `Host`, a thousand parameters or a body that is too long, as often as they like.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record of a refused request; false where warnings are not logged."""
        if not record.name.startswith(("django.request", "django.security")) or _status(record) >= 500:
            return True
        if record.exc_info or record.levelno > logging.WARNING:
            said = record.getMessage()
            record.msg, record.args = f"{said[:LONGEST_REFUSAL]}{'…' * (len(said) > LONGEST_REFUSAL)}", ()
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = min(record.levelno, logging.WARNING), "WARNING"
        return logging.getLogger(record.name).isEnabledFor(record.levelno)


def _status(record: logging.LogRecord) -> int:
    """Return the status of the answer that is logged; 500 where none is."""
    return int(getattr(record, "status_code", 500))
