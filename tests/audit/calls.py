"""For each address that leaves events, a call that does so: what is prepared, and what is then asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.api import sample_pictures
from experiments.api.run_samples import Shown
from experiments.api.sample_pictures import Drawn
from experiments.datasets import samples
from experiments.models import Dataset
from experiments.preflights import state
from experiments.training.data.inspection.sample_sheets import Sheet
from notifications import unsubscribing
from notifications.models import Message, Subscription
from realtime.login import login_link
from runs.models import Run
from tests.audit.trail import read_whole
from tests.experiments.datasets.requests import UPLOADS, answer, opened, patch, post, registered
from tests.experiments.datasets.test_final_pictures import evaluated as with_samples
from tests.experiments.datasets.test_flipped_pictures import evaluated
from tests.experiments.training.datasets import with_class_folders, with_csv, zipped
from tests.realtime.writing import queued_run, running_run
from tests.runs.conftest import MakeRun, completed_columns
from tests.runs.operating_points.test_points_of_runs import evaluated_run, keep_predictions, stored
from tests.runs.saved_points.test_saving import save

JSON, PASSWORD = "application/json", "a rather long passphrase"
TRAINING = {"experiment_name": "audited", "source_path": "builtin:breast-cancer", "trainer": {"max_epochs": 1}}


class World:
    """A user with a token and a session, and what they act on. Processes that draw pictures are not started."""

    def __init__(self, user: User, api: Client, root: Path, make_run: MakeRun, patched: pytest.MonkeyPatch) -> None:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        self.user, self.api, self.root, self.make_run, self.patched = user, api, root, make_run, patched
        patched.setattr(sample_pictures, "drawn", lambda *_, **__: Drawn({}, Shown({}, {})))  # a process of its own
        self.browser = Client()
        self.browser.force_login(user)

    def send(self, address: str, body: Any = None, status: int = 202, method: str = "post") -> Any:
        response = getattr(self.api, method)(address, json.dumps(body or {}), content_type=JSON)
        assert response.status_code == status, response.content
        return response

    def get(self, address: str, **asked: Any) -> Any:
        response: Any = self.api.get(address, asked)
        assert response.status_code == 200, response.content
        return response

    def queued(self) -> Run:
        return queued_run(self.user)

    def ended(self, **columns: Any) -> Run:
        """Make a run that has ended."""
        return self.make_run(**(completed_columns() | columns))

    def failed(self) -> Run:
        """Make a run that can be resumed."""
        return self.ended(status="failed")

    def shown(self) -> Run:
        """Make a run with the ids of its samples."""
        return with_samples(self.user, "builtin:x", None)

    def predicted(self) -> Run:
        """Make a run for which points can be chosen."""
        run = evaluated_run(self.make_run, stored())
        keep_predictions(run)
        return run

    def pair(self) -> tuple[Run, Run]:
        one, other = (evaluated(self.user, "builtin:x", None, [score] * 4) for score in (0.9, 0.1))
        return one, other

    def folder(self) -> str:
        """Register a checked folder of images; return its address."""
        path = with_class_folders(self.root / "flowers", {"rose": 1, "tulip": 1})
        found = {"content_hash": "a" * 64, "classes": [["rose", 1], ["tulip", 1]], "state": "ready"}
        Dataset.objects.create(name="flowers", kind="folder", path=str(path), owner=self.user, **found)
        return "/api/datasets/flowers/"


Call = Callable[[World], Callable[[], object]]
"""Prepares what is there before, and returns what makes the calls."""


def _of_run(
    action: str, body: Any = None, *, make: str = "queued", status: int = 202, method: str = "post", **columns: Any
) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        run = getattr(world, make)(**columns)
        return lambda: world.send(f"/api/runs/{run.pk}/{action}", body, status, method)

    return prepare


def _running(action: str) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        run = running_run(world.user)
        return lambda: world.send(f"/api/runs/{run.pk}/{action}/")

    return prepare


def _train(world: World) -> Callable[[], object]:
    address = "/api/experiments/centralized/train"

    def calls() -> None:
        world.send(address, TRAINING)
        world.send(f"{address}?dry_run=true&wait=0", TRAINING)

    return calls


def _restore(world: World) -> Callable[[], object]:
    run = world.ended()
    world.send(f"/api/runs/{run.pk}/delete/", status=200)
    return lambda: world.send(f"/api/runs/{run.pk}/restore/", status=200)


def _pause(world: World) -> Callable[[], object]:
    return lambda: [world.send("/api/queue/", {"paused": paused}, 200) for paused in (True, False)]


def _bulk(world: World) -> Callable[[], object]:
    runs = [world.queued().pk, world.queued().pk]
    return lambda: world.send("/api/runs/bulk/", {"runs": runs, "action": "cancel"}, 200)


def _cancel_preflight(world: World) -> Callable[[], object]:
    address = f"/api/experiments/preflights/{state.create(world.user, {**TRAINING}).pk}/"
    return lambda: world.send(address, status=200, method="delete")


def _tag(world: World) -> Callable[[], object]:
    run = world.queued()
    return lambda: world.send("/api/runs/tags/", {"runs": [run.pk], "add": ["a"]}, 200)


def _withdraw(world: World) -> Callable[[], object]:
    run = world.predicted()
    save(world.api, run, rule="hand", threshold=0.4)
    return lambda: world.send(f"/api/runs/{run.pk}/operating-point/withdraw/", {"reason": "A mistake."}, 200)


def _save(world: World) -> Callable[[], object]:
    run = world.predicted()
    return lambda: save(world.api, run, rule="hand", threshold=0.4)


def _read(end: str, **asked: Any) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        address = f"/api/runs/{world.shown().pk}/{end}"
        return lambda: read_whole(world.get(address, **asked))

    return prepare


def _picture(world: World) -> Callable[[], object]:
    run, file = world.shown(), world.root / "one.png"
    file.write_bytes(b"PNG")

    def call() -> None:
        world.patched.setattr(sample_pictures, "looked_up", lambda *_: Shown({3: file}, {}))
        for size in ("small", "large"):
            world.get(f"/api/runs/{run.pk}/final-samples/3/picture/", size=size)

    return call


def _files(world: World) -> Callable[[], object]:
    run = world.shown()
    for name in ("split.csv", "train.log"):
        (run.folder / name).write_text("x")
    names = ("predictions.parquet", "split.csv", "train.log")
    return lambda: [world.get(f"/api/runs/{run.pk}/files/{name}") for name in names]


def _both(end: str) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        one, other = world.pair()
        return lambda: world.get(f"/api/runs/differences/samples/{end}", reference=one.pk, run=other.pk)

    return prepare


def _label_errors(end: str) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        runs = ",".join(str(run.pk) for run in world.pair())
        return lambda: world.get(f"/api/runs/label-errors/{end}", runs=runs)

    return prepare


def _data(end: str, method: str, status: int) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        address = world.folder()
        return lambda: world.send(address + end, status=status, method=method)

    return prepare


def _register(world: World) -> Callable[[], object]:
    folder = with_class_folders(world.root / "flowers", {"rose": 1, "tulip": 1})
    return lambda: registered(world.api, folder)


def _samples(world: World) -> Callable[[], object]:
    address = world.folder()
    world.patched.setattr(samples, "page", lambda *_: Sheet(total=0))
    return lambda: world.get(f"{address}samples/")


def _sample_image(world: World) -> Callable[[], object]:
    address, file = world.folder(), world.root / "one.png"
    file.write_bytes(b"PNG")
    world.patched.setattr(samples, "picture", lambda *_: file)
    return lambda: world.get(f"{address}samples/3/image/")


def _upload_pieces(world: World) -> Callable[[], object]:
    path = zipped(with_csv(world.root / "scans"))
    content = path.read_bytes()
    upload = opened(world.api, path.name, len(content))
    return lambda: [patch(world.api, upload, 0, content[:9]), patch(world.api, upload, 9, content[9:])]


def _drop(world: World) -> Callable[[], object]:
    upload = opened(world.api, "scans.zip", 100)
    return lambda: world.send(upload["links"]["self"], status=204, method="delete")


def _revoke(world: World) -> Callable[[], object]:
    made = answer(world.send("/api/tokens/", {"name": "x"}, 201), 201)
    return lambda: world.send(f"/api/tokens/{made['id']}/", status=204, method="delete")


def _form(address: str, status: int = 302, **fields: Any) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        def call() -> None:
            assert world.browser.post(address, fields).status_code == status

        return call

    return prepare


def _revoke_form(world: World) -> Callable[[], object]:
    made = answer(world.send("/api/tokens/", {"name": "x"}, 201), 201)
    return lambda: world.browser.post(f"/account/tokens/{made['id']}/revoke/")


CHANNEL = {"name": "x", "channel": "webhook", "url": "https://93.184.216.34/", "occasions": ["run.failed"]}
OF_FORM = CHANNEL | {"scope": "own", "stalled_minutes": 30, "queued_minutes": 60, "direction": "above"}
OF_FORM |= {"digest_minutes": 10}


def _subscription(world: World, channel: str = "webhook") -> Subscription:
    columns = CHANNEL | {"channel": channel}
    return Subscription.objects.create(user=world.user, **columns)


def _of_subscription(part: str = "", status: int = 202, method: str = "post", **body: Any) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        address = f"/api/notifications/subscriptions/{_subscription(world).pk}/{part}"
        return lambda: world.send(address, body, status, method)

    return prepare


def _message(world: World) -> Message:
    return Message.objects.create(subscription=_subscription(world), occasion="test", content={}, state="delivered")


def _redeliver(world: World) -> Callable[[], object]:
    address = f"/api/notifications/messages/{_message(world).pk}/redeliver/"
    return lambda: world.send(address)


def _redeliver_button(world: World) -> Callable[[], object]:
    address = f"/account/notifications/messages/{_message(world).pk}/redeliver/"
    return lambda: world.browser.post(address)


def _notification_buttons(world: World) -> Callable[[], object]:
    page = f"/account/notifications/{_subscription(world).pk}"
    return lambda: [world.browser.post(f"{page}/{action}/") for action in ("test", "pause", "remove")]


def _notification_page(world: World) -> Callable[[], object]:
    page = f"/account/notifications/{_subscription(world).pk}/"
    return lambda: world.browser.post(page, OF_FORM | {"url": ""})


def _unsubscribe(world: World) -> Callable[[], object]:
    world.patched.setattr(unsubscribing, "absolute", lambda path: path)
    link = unsubscribing.unsubscribe_link([_subscription(world, "email").pk])
    return lambda: Client().post(link)


def _password(world: World) -> Callable[[], object]:
    fields = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    return lambda: world.browser.post("/account/password/", fields)


def _login(world: World) -> Callable[[], object]:
    world.user.set_password(PASSWORD)
    world.user.save()

    def calls() -> None:
        for _ in range(2):  # the second is one too many
            Client().post("/login/", {"username": "ada", "password": "wrong"})
        Client(REMOTE_ADDR="10.1.2.3").post("/login/", {"username": "ada", "password": PASSWORD})

    return calls


def _link(world: World) -> Callable[[], object]:
    link = login_link(world.user)
    client = Client()
    return lambda: [client.post(link), Client().post(link)]


def _export(world: World) -> Callable[[], object]:
    return lambda: world.get("/api/audit/", format="jsonl")


CALLS: dict[str, Call] = {
    "POST /api/experiments/centralized/train": _train,
    "DELETE /api/experiments/preflights/<pk>": _cancel_preflight,
    "POST /api/queue": _pause,
    "POST /api/runs/bulk": _bulk,
    "POST /api/runs/tags": _tag,
    "PATCH /api/runs/<run_id>": _of_run("", {"description": "x"}, status=200, method="patch"),
    "POST /api/runs/<run_id>/cancel": _of_run("cancel/"),
    "POST /api/runs/<run_id>/finish": _running("finish"),
    "POST /api/runs/<run_id>/kill": _running("kill"),
    "POST /api/runs/<run_id>/move": _of_run("move/", {"to": "end"}),
    "POST /api/runs/<run_id>/priority": _of_run("priority/", {"priority": 3}),
    "POST /api/runs/<run_id>/resume": _of_run("resume/", make="failed"),
    "POST /api/runs/<run_id>/retry": _of_run("retry/", make="ended", config=TRAINING),
    "POST /api/runs/<run_id>/clone": _of_run("clone/", {"seed": 7}, make="ended", config=TRAINING),
    "POST /api/runs/<run_id>/delete": _of_run("delete/", make="ended", status=200),
    "POST /api/runs/<run_id>/restore": _restore,
    "POST /api/runs/<run_id>/operating-point": _save,
    "POST /api/runs/<run_id>/operating-point/withdraw": _withdraw,
    "GET /api/runs/<run_id>/final-samples": _read("final-samples/", cell="fp"),
    "GET /api/runs/<run_id>/final-samples/export": _read("final-samples/export/", cell="fp"),
    "GET /api/runs/<run_id>/final-samples/pictures": _read("final-samples/pictures/", cell="fp"),
    "GET /api/runs/<run_id>/final-samples/<place>/picture": _picture,
    "GET /api/runs/differences/samples": _both(""),
    "GET /api/runs/differences/samples/csv": _both("csv/"),
    "GET /api/runs/differences/samples/pictures": _both("pictures/"),
    "GET /api/runs/label-errors": _label_errors(""),
    "GET /api/runs/label-errors/export": _label_errors("export/"),
    "GET /api/runs/<run_id>/predictions": _read("predictions/"),
    "GET /api/runs/<run_id>/archive": _read("archive/"),
    "GET /api/runs/<run_id>/files/<name>": _files,
    "POST /api/datasets": _register,
    "DELETE /api/datasets/<name>": _data("", "delete", 204),
    "POST /api/datasets/<name>/check": _data("check/", "post", 202),
    "GET /api/datasets/<name>/samples": _samples,
    "GET /api/datasets/<name>/samples/<number>/image": _sample_image,
    "POST /api/datasets/uploads": lambda world: lambda: post(world.api, UPLOADS, {"filename": "a.zip", "size": 9}),
    "PATCH /api/datasets/uploads/<upload_id>": _upload_pieces,
    "DELETE /api/datasets/uploads/<upload_id>": _drop,
    "POST /api/tickets": lambda world: lambda: world.send("/api/tickets/", {}, 201),
    "POST /api/tokens": lambda world: lambda: world.send("/api/tokens/", {"name": "x"}, 201),
    "DELETE /api/tokens/<token_id>": _revoke,
    "POST /api/notifications/subscriptions": lambda world: (
        lambda: world.send("/api/notifications/subscriptions/", CHANNEL, 201)
    ),
    "PATCH /api/notifications/subscriptions/<subscription_id>": _of_subscription("", 200, "patch", name="y"),
    "DELETE /api/notifications/subscriptions/<subscription_id>": _of_subscription("", 204, "delete"),
    "POST /api/notifications/subscriptions/<subscription_id>/secret": _of_subscription("secret/", 200),
    "POST /api/notifications/subscriptions/<subscription_id>/test": _of_subscription("test/"),
    "POST /api/notifications/messages/<message_id>/redeliver": _redeliver,
    "POST /account/notifications": _form("/account/notifications/", 200, **OF_FORM),
    "POST /account/notifications/<subscription_id>": _notification_page,
    "POST /account/notifications/<subscription_id>/<action>": _notification_buttons,
    "POST /account/notifications/messages/<message_id>/redeliver": _redeliver_button,
    "POST /projects/<project_id>/notifications": _form("/projects/1/notifications/", 200, **OF_FORM),
    "POST /notifications/unsubscribe/<token>": _unsubscribe,
    "GET /api/audit": _export,
    "POST /account/tokens": _form("/account/tokens/", 200, name="x", scope="read", days="7"),
    "POST /account/tokens/<token_id>/revoke": _revoke_form,
    "POST /account/password": _password,
    "POST /login": _login,
    "POST /login/once/<uidb64>/<token>": _link,
    "POST /logout": _form("/logout/"),
}
