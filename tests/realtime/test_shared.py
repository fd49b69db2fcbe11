"""What a share link shows: its runs, to anyone, read-only, and nothing else; until it ends."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from access.models import Membership
from access.roles import Role
from accounts.models import ShareLink
from accounts.share_links import links
from audit.models import AuditEvent
from experiments.shared_urls import urlpatterns
from project.log_lines import HiddenSecrets, without_secrets
from runs.models import Run, RunTag
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.browser import story
from tests.people import ADMIN, NOBODY, OWNER, PEOPLE, STRANGER, SUPERUSER, Cast

pytestmark = pytest.mark.django_db
SECRETS = {
    "source_path": "/data/hospital/mayer-hans",
    "reason": "Cancelled by grace.",
    "description": "Ask Dr. Lindqvist",
    "dataset_hash": "abcdef" * 8,
    "notes": [{"code": "unreadable_skipped", "text": "mayer-hans/scan-17.png was left out."}],
    "best_checkpoint": "checkpoints/best-of-grace.ckpt",
}


@pytest.fixture
def cast() -> Cast:
    return Cast()


def told(cast: Cast, status: str = "completed") -> Run:
    """Make a run with a result, which holds names and paths wherever there can be some."""
    run = story.start(story.submit(cast.users[OWNER]))
    story.train(run, 0)
    if status == "completed":
        story.tell(run, [story.final(0)])
    if status != "in_progress":
        story.end(run, status, "Cancelled by grace.")
    grace = User.objects.filter(username="grace").first() or User.objects.create_user("grace")
    config = Run.objects.get(pk=run.pk).config
    config["data"] |= {"id_column": "grace-id", "table": "mayer-hans.csv", "ignore": ["grace/*"], "val_fraction": 0.25}
    config["model"] |= {"weights_file": "grace.pt"}
    Run.objects.filter(pk=run.pk).update(
        project=cast.project, config=config, revised_by=grace, revised_at=timezone.now(), **SECRETS
    )
    RunTag.objects.create(run=run, name="for-grace")
    found = Run.objects.get(pk=run.pk)
    if status == "completed":
        point = Decision("hand", 0.3, 0.3, None, test_known=False)
        point_history.save(found, "grace", "Dr. Lindqvist said so.", point)
    return found


def shared(cast: Cast, *runs: Run, by: str = OWNER, **more: Any) -> str:
    """Make a link, and return its path."""
    options = {"days": 1.0, "with_samples": False} | more
    _, token = links.make(cast.users[by], list(runs), **options)
    return f"/shared/{token}/"


def addresses(path: str, run: Run) -> list[str]:
    """List all addresses below a link, for one of its runs."""
    given = {"place": "1", "run_id": str(run.pk)}
    found = [re.sub(r"<int:(\w+)>", lambda name: given[name[1]], str(one.pattern)) for one in urlpatterns]
    return [path + one + ("?cell=fn" if "samples" in one and "picture/" not in one else "") for one in found]


def with_runs(address: str, run: Run) -> str:
    if "differences" in address:
        return f"{address}?runs={run.pk}"
    return f"{address}?runs={run.pk}&name=epoch/val_loss" if "api/runs/series/" in address else address


def content(answer: Any) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def test_everybody_sees_the_run_and_stays_who_they_are(cast: Cast) -> None:
    path = shared(cast, told(cast))
    for who in PEOPLE:
        client = cast.client(who)
        answer = client.get(path)
        assert answer.status_code == 200, who
        assert "Is it an eight?" in answer.content.decode()
        assert "Log out" not in answer.content.decode(), "the page is of no login"
        assert not answer.cookies, who
        assert client.get("/api/tokens/").status_code == (401 if who == NOBODY else 200), who


def test_what_the_page_asks_for_is_answered(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run)
    client = Client()
    answered = {}
    for address in addresses(path, run):
        answered[address.removeprefix(path)] = client.get(with_runs(address, run)).status_code
    refused = {address: status for address, status in answered.items() if status != 200}
    assert set(refused.values()) == {404}
    assert all("final-samples" in address or "predictions" in address for address in refused), refused
    assert len(answered) - len(refused) >= 9
    snapshot = client.get(f"{path}api/runs/{run.pk}/snapshot/").json()
    assert snapshot["events"] == []
    assert (snapshot["run"]["status"], snapshot["run"]["owner"]) == ("completed", OWNER)
    assert snapshot["finals"]["val"]["class_names"] == ["not 8", "8"]


def test_nothing_else_is_said(cast: Cast) -> None:
    """Neither names of others, nor paths, tags, notes and reasons."""
    run = told(cast)
    path = shared(cast, run, with_samples=True)
    hidden = ["grace", "mayer-hans", "Lindqvist", "abcdef", "/data/", "id_column"]
    for address in addresses(path, run):
        answer = Client().get(with_runs(address, run))
        if answer.status_code == 200:
            text = content(answer)
            assert [word for word in hidden if word in text] == [], address
    config = Client().get(f"{path}api/runs/{run.pk}/").json()["config"]
    assert config["data"]["val_fraction"] == 0.25
    assert config["optimizer"]["name"] == "adamw"
    assert "id_column" not in config["data"]
    assert "weights_file" not in config["model"]


def test_curves_of_the_server_are_not_shown(cast: Cast) -> None:
    run = told(cast, "in_progress")
    story.tell(run, [story.usage()])
    path, client = f"{shared(cast, run)}api/runs/", Client()
    assert any(name.startswith("usage/gpu/") for name in names_of(cast.client(OWNER), f"/api/runs/{run.pk}/series/"))
    shown = names_of(client, f"{path}{run.pk}/series/")
    assert "epoch/val_loss" in shown
    assert [name for name in shown if name.startswith("usage/")] == []
    asked = "by=time&name=usage/*,epoch/val_loss"
    for address in (f"{path}{run.pk}/series/?{asked}", f"{path}series/?runs={run.pk}&{asked}"):
        answer = client.get(address)
        assert answer.status_code == 200
        found = answer.json()
        [of_run] = found.get("runs", [found])
        assert [curve["name"] for curve in of_run["series"]] == ["epoch/val_loss"]
    snapshot = client.get(f"{path}{run.pk}/snapshot/").json()
    assert "epoch/val_loss" in {curve["name"] for curve in snapshot["series"]}
    assert "usage/" not in str(snapshot["series"])


def test_the_name_that_a_run_had_before_is_not_shown(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run)
    Run.objects.filter(pk=run.pk).update(experiment_name="Renamed")
    snapshot = Client().get(f"{path}api/runs/{run.pk}/snapshot/").json()
    assert (snapshot["run"]["experiment_name"], snapshot["training_start"]["experiment_name"]) == ("Renamed", "Renamed")
    assert snapshot["training_start"]["max_epochs"] == run.max_epochs
    assert run.experiment_name not in str(snapshot)


def names_of(client: Client, address: str) -> list[str]:
    names: list[str] = client.get(address).json()["names"]
    return names


def test_a_run_that_trains_is_followed(cast: Cast) -> None:
    run = told(cast, "in_progress")
    path = shared(cast, run)
    assert "Is it an eight?" in Client().get(path).content.decode()
    before = Client().get(f"{path}api/runs/{run.pk}/snapshot/").json()
    story.train(story_of(run), 1)
    after = Client().get(f"{path}api/runs/{run.pk}/snapshot/").json()
    assert (before["run"]["status"], before["run"]["reason"]) == ("in_progress", None)
    assert after["last_seq"] > before["last_seq"]


def story_of(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_samples_are_shown_where_the_link_says_so(cast: Cast) -> None:
    run = told(cast)
    plain, whole = shared(cast, run), shared(cast, run, with_samples=True)
    samples = [address for address in addresses("", run) if "samples" in address or "predictions" in address]
    assert len(samples) == 5
    for address in samples:
        refused = Client().get(plain + address)
        assert (refused.status_code, refused.json()["detail"]) == (404, "This link does not show that.")
        answer = Client().get(whole + address)
        assert answer.status_code == 200 or answer.json()["detail"] != "This link does not show that.", address
    assert 'id="errors"' not in Client().get(plain).content.decode()
    assert 'id="errors"' in Client().get(whole).content.decode()


def test_other_runs_are_not_there(cast: Cast) -> None:
    """Also none of the same project, and of the same owner."""
    run, other = told(cast), told(cast)
    path = shared(cast, run, with_samples=True)
    for address in addresses("", other)[1:]:
        answer = Client().get(path + with_runs(address, other))
        if "differences" in address:
            assert answer.json() == {"splits": {}}, "runs that are not there are left out"
        else:
            assert answer.status_code == 404, address


def test_a_comparison_shows_its_runs_and_each_of_them(cast: Cast) -> None:
    runs = [told(cast), told(cast)]
    path = shared(cast, *runs)
    page = Client().get(path).content.decode()
    assert "Comparison of 2 runs" in page
    numbers = ",".join(str(run.pk) for run in runs)
    assert len(Client().get(f"{path}api/runs/series/?runs={numbers}&name=epoch/val_loss").json()["runs"]) == 2
    for run in runs:
        assert f"{path}runs/{run.pk}/" in page
        assert Client().get(f"{path}runs/{run.pk}/").status_code == 200
    lifecycle_deleted(runs[0])
    assert "Is it an eight?" in Client().get(path).content.decode()
    assert Client().get(f"{path}runs/{runs[0].pk}/").status_code == 404
    lifecycle_deleted(runs[1])
    assert Client().get(path).status_code == 410


def lifecycle_deleted(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())


ENDS = ("revoked", "expired", "maker switched off", "maker left", "maker only views", "run deleted")


def ends(cast: Cast) -> dict[str, Any]:
    """Return what ends a link, each as a function of its path."""
    owner = cast.users[OWNER]
    return {
        "revoked": lambda: links.revoke(ShareLink.objects.get(), owner),
        "expired": lambda: ShareLink.objects.update(expires_at=timezone.now()),
        "maker switched off": lambda: User.objects.filter(pk=owner.pk).update(is_active=False),
        "maker left": lambda: Membership.objects.filter(user=owner).delete(),
        "maker only views": lambda: Membership.objects.filter(user=owner).update(role=Role.VIEWER),
        "run deleted": lambda: Run.objects.update(deleted_at=timezone.now()),
    }


@pytest.mark.parametrize("how", ENDS)
def test_a_link_that_has_ended_shows_nothing_from_that_moment(cast: Cast, how: str) -> None:
    run = told(cast)
    path = shared(cast, run, with_samples=True)
    client = Client()
    assert client.get(f"{path}api/runs/{run.pk}/snapshot/").status_code == 200
    ends(cast)[how]()
    for address in addresses(path, run):
        answer = client.get(with_runs(address, run))
        assert answer.status_code == 410, address
        assert "Is it an eight?" not in answer.content.decode()
    assert "Ask who sent it to you for a new one." in client.get(path).content.decode()
    assert client.get(f"{path}api/runs/{run.pk}/").json()["detail"].endswith("Ask who sent it to you for a new one.")
    assert AuditEvent.objects.filter(action="share.refused").exists()


def test_an_admin_s_link_ends_when_they_are_none(cast: Cast) -> None:
    path = shared(cast, told(cast), by=ADMIN)
    assert Client().get(path).status_code == 200
    Membership.objects.filter(user=cast.users[ADMIN]).update(role=Role.TRAINER)
    assert Client().get(path).status_code == 410
    as_operator = shared(cast, Run.objects.get(), by=SUPERUSER)
    assert Client().get(as_operator).status_code == 200
    User.objects.filter(username=SUPERUSER).update(is_superuser=False, is_staff=False)
    assert Client().get(as_operator).status_code == 410


def test_nothing_can_be_changed_through_a_link(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run)
    for address in addresses(path, run):
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert cast.client(SUPERUSER).generic(method, address).status_code == 405, (method, address)
        assert Client().head(with_runs(address, run)).status_code in (200, 404)


def test_no_address_but_those_of_a_link_is_below_it(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run, with_samples=True)
    for rest in ("events", "log", "files", "files/results.json", "archive", "reading", "hints", "test-split", "cancel"):
        assert cast.client(SUPERUSER).get(f"{path}api/runs/{run.pk}/{rest}/").status_code == 404, rest
    for rest in ("api/runs/", "api/datasets/", "admin/", f"../../runs/{run.pk}/"):
        assert Client().get(path + rest).status_code in (404, 302), rest


def test_the_link_opens_nothing_elsewhere(cast: Cast) -> None:
    """It is no token and no ticket."""
    run = told(cast)
    token = shared(cast, run).rstrip("/").rpartition("/")[2]
    program = Client(headers={"authorization": f"Token {token}"})
    assert program.get(f"/api/runs/{run.pk}/").status_code == 401
    client = Client()
    client.get(f"/shared/{token}/")
    assert client.get(f"/api/runs/{run.pk}/").status_code == 401
    assert client.get(f"/runs/{run.pk}/").status_code == 302


def test_what_else_is_sent_counts_for_nothing(cast: Cast) -> None:
    """Neither a wrong token nor a right one of somebody else."""
    run = told(cast)
    other = told(cast)
    path = shared(cast, run)
    for headers in ({"authorization": "Token wrong"}, cast.program(SUPERUSER).headers):
        client = Client(headers=headers)
        assert client.get(f"{path}api/runs/{run.pk}/").status_code == 200
        assert client.get(f"{path}api/runs/{other.pk}/").status_code == 404


def test_each_answer_keeps_the_link_to_itself(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run)
    gone = f"/shared/{'x' * 43}/"
    for address in (
        path,
        f"{path}runs/4711/",
        f"{path}api/runs/{run.pk}/",
        f"{path}api/runs/{run.pk}/final-curves/",
        gone,
    ):
        answer = Client().get(address)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex, nofollow">' in Client().get(path).content.decode()


def test_no_line_of_the_log_has_the_link(cast: Cast) -> None:
    token = "Zm9vYmFy-_" * 4
    for address in (
        f"/shared/{token}/",
        f"GET /shared/{token}/api/runs/1/series/?name=x",
        f"Not Found: /shared/{token}",
        f"Internal Server Error: /notifications/unsubscribe/{token}:1x:y/",
    ):
        assert token not in without_secrets(address)
    assert without_secrets(f"/shared/{token}/api/runs/1/?name=x") == "/shared/…/api/runs/1/?name=x"
    line = logging.LogRecord("django.request", logging.WARNING, "", 0, "Gone: %s", (f"/shared/{token}/",), None)
    assert HiddenSecrets().filter(line)
    assert line.getMessage() == "Gone: /shared/…/"


def test_wrong_links_are_counted_and_right_ones_go_on(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    caches["default"].clear()  # where the tries of other tests are counted, if that is Redis
    path = shared(cast, told(cast))
    client = Client()
    found = [client.get(f"/shared/{number:043}/").status_code for number in range(6)]
    assert found == [404] * 4 + [429] * 2
    refused = client.get(f"/shared/{7:043}/")
    assert refused.headers["Retry-After"] == str(15 * 60)
    assert "Too many share links that do not exist" in refused.content.decode()
    assert client.get(path).status_code == 200
    assert client.get(f"/shared/{'ä' * 40}/").status_code == 429
    assert client.get(f"/shared/{'x' * 5000}/").status_code == 429


def test_links_that_have_ended_are_no_guesses(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    path = shared(cast, told(cast))
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert {Client().get(path).status_code for _ in range(6)} == {410}


def test_opening_is_recorded_as_by_the_link(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run)
    answer = cast.client(STRANGER).get(path, REMOTE_ADDR="192.0.2.7")
    link = ShareLink.objects.get()
    assert link.last_used is not None
    [event] = AuditEvent.objects.filter(action="share.opened")
    assert (event.via, event.user_id, event.user_name) == ("share", None, "")
    assert (event.credential, event.address) == (str(link), "192.0.2.7")
    assert event.request_id == answer["X-Request-ID"]
    assert (event.project_id, event.details["runs"]) == (cast.project.pk, [run.pk])
    assert path.split("/")[2] not in str(AuditEvent.objects.values())


def test_a_minute_of_use_is_noted_once(cast: Cast) -> None:
    run = told(cast)
    path = shared(cast, run)
    Client().get(f"{path}api/runs/{run.pk}/")
    first = ShareLink.objects.get().last_used
    Client().get(f"{path}api/runs/{run.pk}/")
    assert ShareLink.objects.get().last_used == first
    assert AuditEvent.objects.filter(action="share.opened").count() == 1
