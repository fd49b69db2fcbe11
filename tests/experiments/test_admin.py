"""What operators do in the admin: from the list of runs and from a run's page, as the API would."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from experiments import launch
from experiments.admin import OPERATIONS
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.models import Run, RunEvent
from runs.queue import waiting

pytestmark = pytest.mark.django_db
LIST = "/admin/runs/run/"
ASKED = ("cancel", "cancel_evaluate", "finish", "kill", "delete")


@pytest.fixture
def admin() -> Client:
    """Log in staff that may see runs in the admin and has no other right there."""
    client, operator = Client(), User.objects.create_user("operator", is_staff=True)
    operator.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(operator)
    return client


@pytest.fixture
def runs(user: User) -> dict[str, Run]:
    """Create four runs that wait, the first of another user."""
    body = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer", "trainer": {"max_epochs": 3}}
    config = TrainingConfig.model_validate(body)
    return {name: launch.create(config, user)[0] for name in "abcd"}


def order(runs: dict[str, Run]) -> str:
    names = {run.pk: name for name, run in runs.items()}
    return "".join(names[pk] for pk in waiting().values_list("pk", flat=True))


def said(response: Any) -> list[str]:
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def chosen(admin: Client, action: str, *runs: Run, question: str = "") -> list[str]:
    """Return what the admin reports after the action was chosen in the list, and its question answered with yes."""
    body = {"action": action, "_selected_action": [run.pk for run in runs]}
    if action in ASKED:
        body["confirmed"] = asked(admin, body, question)["confirmed"]
    return said(admin.post(LIST + question, body, follow=True))


def asked(admin: Client, body: dict[str, Any], question: str = "") -> dict[str, str]:
    """Return the hidden fields of the page with the question; nothing has been done to any run yet."""
    before = list(Run.objects.order_by("pk").values())
    response = admin.post(LIST + question, body)
    assert response.status_code == 200
    assert list(Run.objects.order_by("pk").values()) == before
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.content.decode()))


def pressed(admin: Client, action: str, run: Run) -> list[str]:
    """Return what the admin reports after a button of the run's page, which must be there."""
    assert action in buttons(admin, run)
    return said(admin.post(f"{LIST}{run.pk}/act/", {"action": action}, follow=True))


def buttons(admin: Client, run: Run) -> list[str]:
    page = admin.get(f"{LIST}{run.pk}/change/").content.decode()
    return re.findall(r'<button name="action" value="(\w+)"', page)


def started(run: Run) -> Run:
    """Create a run claimed by a worker, with a checkpoint to resume from."""
    assert lifecycle.claim(run.pk, "worker")
    Run.objects.filter(pk=run.pk).update(last_checkpoint="last.ckpt")
    run.refresh_from_db()
    return run


def ended(run: Run, status: str = "failed") -> Run:
    started(run)
    Run.objects.filter(pk=run.pk).update(status=status)
    run.refresh_from_db()
    return run


@pytest.mark.parametrize(
    ("action", "names", "expected"),
    [
        ("move_front", "d", "dabc"),
        ("move_front", "bd", "bdac"),
        ("move_end", "ac", "bdac"),
        ("move_up", "cd", "acdb"),
        ("move_up", "abd", "abdc"),
        ("move_down", "ab", "cabd"),
        ("move_down", "acd", "bacd"),
    ],
)
def test_several_runs_move_and_keep_their_order(
    admin: Client, runs: dict[str, Run], action: str, names: str, expected: str
) -> None:
    chosen(admin, action, *(runs[name] for name in names))
    assert order(runs) == expected


def test_what_was_moved_and_what_was_not_is_said(admin: Client, runs: dict[str, Run]) -> None:
    assert chosen(admin, "move_front", runs["b"], runs["c"]) == ["2 runs moved to the front of the queue."]
    assert chosen(admin, "move_up", runs["b"]) == ["1 run stands there already."]
    started(runs["a"])
    assert chosen(admin, "move_end", runs["a"], runs["b"]) == [
        f"Run {runs['a'].pk} is in progress: only queued runs have a place in the queue.",
        "1 run moved to the end of the queue.",
    ]
    assert order(runs) == "cdb"


def test_a_run_is_moved_from_its_page_and_whoever_watches_is_told(admin: Client, runs: dict[str, Run]) -> None:
    for action, expected in (("move_front", "cabd"), ("move_down", "acbd"), ("move_up", "cabd"), ("move_end", "abdc")):
        told = RunEvent.objects.filter(run=runs["c"]).count()
        assert pressed(admin, action, runs["c"]) == [f"1 run {OPERATIONS[action].done}."]
        assert order(runs) == expected
        assert RunEvent.objects.filter(run=runs["c"]).count() == told + 1
    assert b"number 4 in the queue" in admin.get(f"{LIST}{runs['c'].pk}/change/").content


@pytest.mark.parametrize("do", [chosen, pressed])
@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("cancel", ("cancelling", Run.StopRequest.CANCEL)),
        ("cancel_evaluate", ("cancelling", Run.StopRequest.EVALUATE)),
        ("kill", ("cancelling", Run.StopRequest.KILL)),
        ("finish", ("in_progress", Run.StopRequest.FINISH)),
    ],
)
def test_a_running_one_is_stopped(
    admin: Client, runs: dict[str, Run], do: Any, action: str, asked: tuple[str, str]
) -> None:
    run = started(runs["a"])
    assert do(admin, action, run) == [f"1 run {OPERATIONS[action].done}."]
    run.refresh_from_db()
    assert (run.status, run.stop_request) == asked
    assert "operator" in str(run.reason)


def test_what_cannot_be_undone_is_asked_about_first(admin: Client, runs: dict[str, Run]) -> None:
    page = admin.get(f"{LIST}{started(runs['a']).pk}/change/").content.decode()
    asked = re.findall(r'<details class="lt-ask">.*?<button name="action" value="(\w+)".*?</details>', page, re.DOTALL)
    assert asked == ["finish", "cancel", "cancel_evaluate", "kill"]
    assert "A finished run cannot be resumed." in page
    page = admin.get(f"{LIST}{ended(runs['b']).pk}/change/").content.decode()
    assert "lt-ask" not in page
    assert "was deleted" not in page


def test_the_page_of_a_deleted_one_says_so(admin: Client, runs: dict[str, Run]) -> None:
    run = ended(runs["a"], "completed")
    pressed(admin, "delete", run)
    page = admin.get(f"{LIST}{run.pk}/change/").content.decode()
    assert '<span class="lt-status lt-deleted">Deleted</span>' in page
    assert "This run was deleted by operator on" in page
    assert "It can be restored until" in page


def test_a_queued_one_is_cancelled_at_once(admin: Client, runs: dict[str, Run]) -> None:
    assert pressed(admin, "cancel", runs["a"]) == ["1 run told to stop."]
    runs["a"].refresh_from_db()
    assert (runs["a"].status, runs["a"].reason) == ("cancelled", "Cancelled by operator.")


@pytest.mark.parametrize("do", [chosen, pressed])
def test_an_ended_one_goes_on_or_is_run_again(admin: Client, runs: dict[str, Run], do: Any) -> None:
    assert do(admin, "resume", ended(runs["a"])) == ["1 run queued again."]
    runs["a"].refresh_from_db()
    assert runs["a"].status == "queued"
    assert do(admin, "retry", ended(runs["b"])) == ["1 run started again."]
    copy = Run.objects.get(origin=runs["b"])
    assert (copy.status, copy.owner.username, copy.config) == ("queued", "operator", runs["b"].config)


@pytest.mark.parametrize("do", [chosen, pressed])
def test_one_is_deleted_and_restored(admin: Client, runs: dict[str, Run], do: Any) -> None:
    run = ended(runs["a"], "completed")
    assert do(admin, "delete", run) == ["1 run deleted."]
    run.refresh_from_db()
    assert run.deleted_at is not None
    assert run.deleted_by is not None
    assert buttons(admin, run) == ["restore"]
    refused = said(admin.post(f"{LIST}{run.pk}/act/", {"action": "retry"}, follow=True))
    assert refused == [f"Run {run.pk} is deleted; restore it first.", "0 runs started again."]
    where = {"question": "?deleted=1"} if do is chosen else {}
    assert do(admin, "restore", run, **where) == ["1 run restored."]
    run.refresh_from_db()
    assert run.deleted_at is None


def test_a_queued_one_that_is_restored_is_said_to_be_cancelled(admin: Client, runs: dict[str, Run]) -> None:
    run = runs["a"]
    assert pressed(admin, "delete", run) == ["1 run deleted."]
    more = f"Run {run.pk} is back, but cancelled: it was queued when it was deleted. Run it again to train it."
    assert chosen(admin, "restore", run, question="?deleted=1") == [more, "1 run restored."]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("cancel", "Run {} is completed: there is nothing to stop."),
        ("finish", "Run {} is completed: there is nothing to stop."),
        ("kill", "Run {} is completed: there is nothing to stop."),
        ("resume", "Run {} is completed: only failed and cancelled runs can be resumed."),
        ("restore", "Run {} is not deleted."),
    ],
)
def test_what_is_in_the_way_of_one_is_said_and_stops_no_other(
    admin: Client, runs: dict[str, Run], action: str, words: str
) -> None:
    completed = ended(runs["a"], "completed")
    for_it = {"resume": lambda: ended(runs["b"]), "restore": lambda: removed(runs["b"])}
    other = for_it.get(action, lambda: started(runs["b"]))()
    question = "?deleted=1" if action == "restore" else ""
    assert action not in buttons(admin, completed)
    one = said(admin.post(f"{LIST}{completed.pk}/act/", {"action": action}, follow=True))
    assert one == [words.format(completed.pk), f"0 runs {OPERATIONS[action].done}."]
    if action != "restore":  # the list shows either kind
        assert chosen(admin, action, completed, other) == [
            words.format(completed.pk),
            f"1 run {OPERATIONS[action].done}.",
        ]
    else:
        assert chosen(admin, action, other, question=question) == ["1 run restored."]


def removed(run: Run) -> Run:
    Run.objects.filter(pk=run.pk).update(deleted_at=run.created_at)
    return run


def test_the_list_offers_everything(admin: Client, runs: dict[str, Run]) -> None:
    page = admin.get(LIST).content.decode()
    for name, operation in OPERATIONS.items():
        assert f'<option value="{name}">{operation.label}</option>' in page


def test_nobody_else_acts_and_nothing_by_a_link(
    admin: Client, browser_session: Client, client: Client, runs: dict[str, Run]
) -> None:
    act = f"{LIST}{runs['d'].pk}/act/"
    stranger, blind = Client(), User.objects.create_user("blind", is_staff=True)
    stranger.force_login(blind)
    body = {"action": "move_front"}
    assert stranger.post(act, body).status_code == 403
    assert stranger.post(LIST, body | {"_selected_action": [runs["d"].pk]}).status_code == 403
    for visitor in (client, browser_session):
        assert "/admin/login/" in visitor.post(act, body)["Location"]
    assert admin.get(act).status_code == 405
    assert admin.post(act, {"action": "explode"}).status_code == 404
    assert admin.post(f"{LIST}{runs['d'].pk + 99}/act/", body).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="operator"))
    assert strict.post(act, body).status_code == 403
    assert order(runs) == "abcd"


@pytest.mark.parametrize("action", ASKED)
def test_the_list_asks_before_it_stops_or_deletes(admin: Client, runs: dict[str, Run], action: str) -> None:
    started(runs["a"])
    body = {"action": action, "_selected_action": [runs[name].pk for name in "ab"]}
    page = admin.post(LIST, body).content.decode()
    assert f"{OPERATIONS[action].button}: 2 runs?" in page
    assert f"Lungs #{runs['a'].pk}" in page
    fields = asked(admin, body)
    assert (fields["action"], fields["confirmed"]) == (action, ",".join(str(runs[name].pk) for name in "ba"))
    chosen(admin, action, runs["a"], runs["b"])
    changed = {"delete": "b", "cancel": "ab", "cancel_evaluate": "ab", "kill": "ab"}.get(action, "a")
    for name in "ab":
        old, new = runs[name], Run.objects.get(pk=runs[name].pk)
        differs = (old.status, old.stop_request, old.deleted_at) != (new.status, new.stop_request, new.deleted_at)
        assert differs == (name in changed), name


def test_what_does_no_harm_is_not_asked_about(admin: Client, runs: dict[str, Run]) -> None:
    assert {name for name, one in OPERATIONS.items() if one.question or one.question_of_many} == set(ASKED)
    assert chosen(admin, "move_end", runs["a"]) == ["1 run moved to the end of the queue."]


def test_all_of_the_list_is_asked_about_and_what_comes_later_is_spared(
    admin: Client, user: User, runs: dict[str, Run]
) -> None:
    body = {"action": "cancel", "_selected_action": [runs["a"].pk], "select_across": "1"}
    fields = asked(admin, body)
    assert len(fields["confirmed"].split(",")) == 4
    config = TrainingConfig.model_validate({"experiment_name": "Late", "source_path": "builtin:breast-cancer"})
    late = launch.create(config, user)[0]
    assert said(admin.post(LIST, body | {"confirmed": fields["confirmed"]}, follow=True)) == ["4 runs told to stop."]
    assert Run.objects.get(pk=late.pk).status == "queued"


def test_the_question_shows_states_and_no_endless_list(admin: Client, user: User, runs: dict[str, Run]) -> None:
    ended(runs["a"])
    page = admin.post(LIST, {"action": "cancel", "_selected_action": [one.pk for one in runs.values()]})
    states = re.findall(r'</a> <span class="lt-status lt-(\w+)">', page.content.decode())
    assert states == ["queued", "queued", "queued", "failed"]
    config = TrainingConfig.model_validate({"experiment_name": "<b>x", "source_path": "builtin:breast-cancer"})
    for _ in range(20):
        launch.create(config, user)
    html = admin.post(LIST, {"action": "delete", "_selected_action": [runs["a"].pk], "select_across": "1"})
    assert "and 4 more" in html.content.decode()
    assert "<b>x" not in html.content.decode()
