"""Moving queued runs past each other."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from runs import lifecycle
from runs.models import Run, RunEvent
from runs.queue import place_in_queue, waiting
from runs.scheduling import moves
from runs.scheduling.moves import Destination
from tests.runs.conftest import CONFIG, MakeRun
from tests.tokens import new_token

pytestmark = pytest.mark.django_db


def order(runs: dict[str, Run]) -> str:
    names = {run.pk: name for name, run in runs.items()}
    return "".join(names[pk] for pk in waiting().values_list("pk", flat=True))


@pytest.fixture
def four(user: User) -> dict[str, Run]:
    return {name: lifecycle.create(user, CONFIG) for name in "abcd"}


@pytest.mark.parametrize(
    ("to", "expected"),
    [("front", "cabd"), ("up", "acbd"), ("down", "abdc"), ("end", "abdc")],
)
def test_a_run_goes_where_it_is_told(four: dict[str, Run], to: Destination, expected: str) -> None:
    assert moves.move(four["c"].pk, to, may_overtake=True)
    assert order(four) == expected
    assert [place_in_queue(four[name].pk) for name in expected] == [1, 2, 3, 4]


@pytest.mark.parametrize(("name", "to"), [("a", "front"), ("a", "up"), ("d", "down"), ("d", "end")])
def test_who_is_there_already_stays_and_nothing_is_told(four: dict[str, Run], name: str, to: Destination) -> None:
    told = RunEvent.objects.count()
    assert moves.move(four[name].pk, to, may_overtake=False)
    assert (order(four), RunEvent.objects.count()) == ("abcd", told)


def test_many_moves_into_one_gap_keep_the_order(four: dict[str, Run]) -> None:
    """Even when all came in the same microsecond, ties go by number: each move must still make room."""
    Run.objects.update(turn=four["a"].turn)
    wanted = list("abcd")
    for name, to in [("d", "up"), ("c", "up"), ("a", "down"), ("d", "front"), ("b", "up"), ("c", "down")] * 8:
        at = wanted.index(name)
        goal = {"up": max(0, at - 1), "down": min(3, at + 1), "front": 0}[to]
        wanted.insert(goal, wanted.pop(at))
        moves.move(four[name].pk, to, may_overtake=True)  # type: ignore[arg-type]  # one of them
        assert order(four) == "".join(wanted)


def test_a_moved_run_takes_the_priority_of_whom_it_passes(make_run: MakeRun) -> None:
    runs = {"h": make_run(priority=5), "m": make_run(), "l": make_run(priority=-3)}
    moves.move(runs["l"].pk, "front", may_overtake=True)
    assert (order(runs), Run.objects.get(pk=runs["l"].pk).priority) == ("lhm", 5)
    moves.move(runs["h"].pk, "end", may_overtake=True)
    assert (order(runs), Run.objects.get(pk=runs["h"].pk).priority) == ("lmh", 0)


def test_a_new_run_comes_after_one_that_was_moved_to_the_end(user: User, four: dict[str, Run]) -> None:
    moves.move(four["a"].pk, "end", may_overtake=False)
    four["e"] = lifecycle.create(user, CONFIG)
    assert order(four) == "bcdae"


def test_an_owner_overtakes_own_runs_alone(user: User) -> None:
    bob = User.objects.create_user("bob")
    owners = {"a": user, "B": bob, "c": user, "d": user}
    runs = {name: lifecycle.create(owner, CONFIG) for name, owner in owners.items()}
    assert moves.move(runs["d"].pk, "front", may_overtake=False)
    assert order(runs) == "aBdc"
    with pytest.raises(moves.NotAllowed, match=f"Run {runs['B'].pk}, the one before it, belongs to bob; only staff"):
        moves.move(runs["d"].pk, "up", may_overtake=False)
    assert moves.move(runs["B"].pk, "end", may_overtake=False)
    assert moves.move(runs["d"].pk, "up", may_overtake=False)
    assert order(runs) == "dacB"


def test_an_owner_gains_no_priority(make_run: MakeRun) -> None:
    high, low = make_run(priority=5), make_run()
    with pytest.raises(moves.NotAllowed, match=f"Run {high.pk}, the one before it, has priority 5; only staff"):
        moves.move(low.pk, "front", may_overtake=False)


def test_only_the_moved_run_is_told_of(four: dict[str, Run]) -> None:
    told = RunEvent.objects.count()
    moves.move(four["d"].pk, "front", may_overtake=True)
    [event] = RunEvent.objects.order_by("-pk")[: RunEvent.objects.count() - told]
    assert (event.run_id, json.loads(event.data)["queue_position"]) == (four["d"].pk, 1)


def test_the_endpoint_moves_names_what_is_wrong_and_keeps_others_out(api: Client, make_run: MakeRun) -> None:
    first, second = make_run(), make_run()
    url = f"/api/runs/{second.pk}/move/"
    answer = api.post(url, {"to": "front"}, content_type="application/json")
    assert (answer.status_code, answer.json()["queue_position"]) == (202, 1)
    wrong = api.post(url, {"to": "left"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "to")
    stranger = new_token(User.objects.create_user("eve"))
    eve = Client(headers={"authorization": f"Token {stranger}"})
    assert eve.post(url, {"to": "end"}, content_type="application/json").status_code == 403
    assert Client().post(url, {"to": "end"}, content_type="application/json").status_code == 401
    lifecycle.claim(second.pk, "a worker")
    assert api.post(url, {"to": "end"}, content_type="application/json").status_code == 409
    assert [run.pk for run in waiting()] == [first.pk]


def test_runs_that_wait_again_have_their_old_place(four: dict[str, Run]) -> None:
    claimed = lifecycle.claim_next("a worker")
    assert claimed is not None
    lifecycle.release(claimed.pk, claimed.attempt, "Drained.")
    assert order(four) == "abcd"
    assert Run.objects.get(pk=four["a"].pk).turn - four["a"].turn == timedelta(0)
