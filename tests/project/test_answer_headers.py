"""What answers say to browsers and proxies, and what is logged of requests that are refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from csp.decorators import csp_exempt, csp_update
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from project import log_lines
from project.answer_headers import UNUSED, UsualPolicy, answer_headers
from runs.json_logging import JsonLines
from tests.realtime.writing import queued_run


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """Write what the server's console would show."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    form = settings.LOGGING["formatters"]["text"]["format"]
    handler.setFormatter(JsonLines() if request.param == "json" else logging.Formatter(form))
    for one in (log_lines.BriefRefusals(), log_lines.HiddenSecrets()):
        handler.addFilter(one)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_numbers_stay_in_no_cache(api: Client, browser_session: Client, user: User) -> None:
    run = queued_run(user)
    for path in (f"/api/runs/{run.pk}/", "/api/runs/", f"/api/runs/{run.pk}/events/", "/api/nowhere/", "/metrics"):
        assert api.get(path)["Cache-Control"] == "private, no-store", path
    for client, path in ((Client(), "/api/runs/"), (Client(), "/login/"), (browser_session, "/")):
        assert "no-store" in client.get(path)["Cache-Control"], path
        assert "private" in client.get(path)["Cache-Control"], path


def test_files_are_kept_by_browsers_and_asked_for_again(api: Client, user: User) -> None:
    run = queued_run(user)
    run.folder.mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n")
    answer = api.get(f"/api/runs/{run.pk}/files/metrics.csv")
    assert answer["Cache-Control"] == "private, no-cache"
    answer.close()


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, "private, no-store"),
        ({"ETag": '"1"'}, "private, no-cache"),
        ({"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}, "private, no-cache"),
        ({"Cache-Control": "public, max-age=60", "ETag": '"1"'}, "public, max-age=60"),
    ],
)
def test_an_answer_with_a_version_may_be_asked_for_again(own: dict[str, str], expected: str) -> None:
    answer = answer_headers(lambda _request: HttpResponse(headers=own))(RequestFactory().get("/"))
    assert answer["Cache-Control"] == expected


async def test_the_same_of_asynchronous_views() -> None:
    async def view(_request: object) -> HttpResponse:
        return HttpResponse()

    answer = await answer_headers(view)(RequestFactory().get("/"))
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_no_page_may_be_embedded_or_use_what_it_does_not_need() -> None:
    for path in ("/login/", "/api/runs/", "/nowhere/", "/healthz", "/login/once/a/b/"):
        answer = Client().get(path)
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert answer["Permissions-Policy"].split(", ") == [f"{name}=()" for name in UNUSED], path
    assert {"camera", "geolocation", "microphone", "usb"} <= set(UNUSED)
    assert Client().get("/", headers={"host": "evil.example"})["Cross-Origin-Resource-Policy"] == "same-origin"


def lines(log: StringIO) -> list[str]:
    return log.getvalue().splitlines()


def one_warning(log: StringIO) -> str:
    [line] = lines(log)
    assert "WARNING" in line
    assert "Traceback" not in line
    assert len(line) < 600
    log.truncate(log.seek(0))
    return line


@pytest.mark.parametrize("path", ["/", "/api/runs/", "/login/once/MQ/abc-def/"])
@pytest.mark.django_db
def test_a_wrong_host_is_one_line(log: StringIO, path: str) -> None:
    for host in ("evil.example", "x" * 5000, "evil.example\\n{bad"):
        assert Client().get(path, headers={"host": host}).status_code == 400
        assert "Invalid HTTP_HOST header" in one_warning(log)


def test_what_is_too_much_is_one_line(log: StringIO, browser_session: Client, api: Client) -> None:
    many = "&".join(f"x{n}=1" for n in range(1001))
    for client, path in ((api, "/api/runs/"), (browser_session, "/admin/login/")):
        assert client.get(f"{path}?{many}").status_code in (200, 400)
    form = "application/x-www-form-urlencoded"
    log.truncate(log.seek(0))
    assert api.get(f"/api/runs/?{many}").status_code == 400
    one_warning(log)
    for body in (many, f"x={'y' * 1_100_000}"):
        assert Client(enforce_csrf_checks=True).post("/login/", body, content_type=form).status_code in (400, 403)
        one_warning(log)
    assert api.post("/api/runs/tags/", "x" * 70_000, content_type="application/json").status_code == 413
    one_warning(log)
    part = "multipart/form-data; boundary="
    assert Client(enforce_csrf_checks=True).post("/login/", "x", content_type=part).status_code in (400, 403)
    one_warning(log)


def test_faults_of_the_server_keep_their_traceback(log: StringIO) -> None:
    logging.getLogger("django.request").error("%s", "/x", exc_info=_raised("secret"), extra={"status_code": 500})
    logging.getLogger("runs").error("lost", exc_info=_raised("secret"))
    assert log.getvalue().count("RuntimeError: secret") == 2
    assert log.getvalue().count("Traceback") == 2


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Gone: /login/once/MQ/abc-def/?next=/x", "Gone: /login/once/…"),
        ("Not Found: //login/once/MQ/abc-def/x/y", "Not Found: //login/once/…"),
        ("GET /notifications/unsubscribe/WzFd:1vQ_x:a-b/ HTTP/1.1", "GET /notifications/unsubscribe/… HTTP/1.1"),
        ("'/LOGIN/ONCE/MQ/a/' and more", "'/LOGIN/ONCE/…' and more"),
        ("GET /ws/runs/?after=1&ticket=abc_-d&ack=1 HTTP/1.1", "GET /ws/runs/?after=1&ticket=…&ack=1 HTTP/1.1"),
        ("/ws/runs/?token=0123abc", "/ws/runs/?token=…"),
        (f"Not Found: /api/runs/livetrain_{'0a' * 32}/", "Not Found: /api/runs/livetrain_…/"),
        ("a module named livetrain_decade", "a module named livetrain_decade"),
        ("POST /api/tickets/ of 3 tokens", "POST /api/tickets/ of 3 tokens"),
    ],
)
def test_secrets_of_addresses_are_cut_out(log: StringIO, text: str, cut: str) -> None:
    logging.getLogger("any").warning("%s", text)
    logging.getLogger("any").warning(text.replace("%", "%%"))
    logging.getLogger("any").warning("failed", exc_info=_raised(text))
    first, second, *rest = [line for line in lines(log) if line]
    assert cut in first
    assert cut in second
    assert cut in "\n".join(rest)
    assert (text == cut) or text not in log.getvalue()


def _raised(text: str) -> RuntimeError:
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        return error


def test_the_console_has_these_filters_and_nothing_goes_past_them() -> None:
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["brief", "hidden"]
    assert logging.getLogger("django").handlers == []
    assert json.dumps(settings.LOGGING["root"]["handlers"]) == '["console"]'


def test_an_answer_may_have_a_policy_of_its_own() -> None:
    def usual(_request: object) -> HttpResponse:
        return HttpResponse()

    def with_nonce(request: Any) -> HttpResponse:
        return HttpResponse(str(request.csp_nonce))

    def own(_request: object) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "sandbox"})

    views = (usual, csp_update({"img-src": "https://example.org"})(usual), csp_exempt()(usual), with_nonce, own)
    for view in views:
        found, library = (_policy_by(middleware, view) for middleware in (UsualPolicy, CSPMiddleware))
        assert found == library, view


def _policy_by(middleware: type[CSPMiddleware], view: Any) -> list[str]:
    """Return the directives of the header, in one order."""
    answer: Any = middleware(view)(RequestFactory().get("/"))
    return sorted(answer.get("Content-Security-Policy", "").split("; "))
