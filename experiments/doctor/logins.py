"""Tries whether a broker or channel layer accepts our login, as the server does it, and says what to do if not."""

from __future__ import annotations

import logging
import socket
from urllib.parse import urlsplit

import pika
import redis
from pika.exceptions import AMQPError, ProbableAccessDeniedError, ProbableAuthenticationError

from experiments.doctor.finding import Finding

SECONDS = 5.0
PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}
DOWN = "Start it, open the port, or correct {setting}. Nothing is lost meanwhile."
REFUSED = (
    "Correct user and password in {setting}; a / or @ in a password is written %2F or %40. Nothing is lost meanwhile."
)
WRONG_KIND = "Look at its log, and whether {setting} names the right server. Nothing is lost meanwhile."
MISPLACED = "Correct what follows the last / in {setting}: {what}. Nothing is lost meanwhile."


def try_login(subject: str, address: str, setting: str) -> Finding:
    """Try the login. Neither the address, which may hold a password, nor a library's words on it are shown."""
    parts = urlsplit(address)
    place = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}"
    try:
        _connect(parts.scheme, place)  # tells apart what libraries put into one error
        _log_in(parts.scheme, address)
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError, ProbableAuthenticationError):
        return Finding("fail", subject, f"{place} refuses the login", REFUSED.format(setting=setting))
    except ProbableAccessDeniedError:
        cure = MISPLACED.format(setting=setting, what="a virtual host that this user may use (%2F is the first one)")
        return Finding("fail", subject, f"{place} refuses the virtual host", cure)
    except redis.ResponseError:
        cure = MISPLACED.format(setting=setting, what="the number of a database that Redis has, from 0")
        return Finding("fail", subject, f"{place} refuses the database", cure)
    except OSError as error:
        text = f"{place} does not accept connections: {error.strerror or error}"
        return Finding("fail", subject, text, DOWN.format(setting=setting))
    except (redis.RedisError, AMQPError) as error:
        text = f"{place} accepts connections, but does not answer as expected: {type(error).__name__}"
        return Finding("fail", subject, text, WRONG_KIND.format(setting=setting))
    return Finding("ok", subject, f"{place} accepts our login")


def _connect(scheme: str, place: str) -> None:
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(SECONDS)
            probe.connect(place)
        return
    host, _, port = place.rpartition(":")
    socket.create_connection((host, int(port)), SECONDS).close()


def _log_in(scheme: str, address: str) -> None:
    if scheme not in ("amqp", "amqps"):
        with redis.Redis.from_url(address, socket_connect_timeout=SECONDS, socket_timeout=SECONDS) as client:
            client.ping()
        return
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it would log each refusal, at length
    parameters = pika.URLParameters(address)
    parameters.connection_attempts, parameters.socket_timeout = 1, SECONDS
    parameters.stack_timeout = parameters.blocked_connection_timeout = SECONDS
    pika.BlockingConnection(parameters).close()
