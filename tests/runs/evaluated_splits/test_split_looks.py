"""How often a test split was looked at: counted once per run, whatever comes twice, and never forgotten."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs import lifecycle, recorder
from runs.derived_models import SplitLook
from runs.evaluated_splits import split_looks
from runs.events import Event, FinalStats, Split, Stamped, decode
from runs.files import exports
from runs.leases import Fenced
from runs.models import Run, RunGroup
from runs.removal import deletion
from tests.runs.test_lifecycle import CONFIG, expire

pytestmark = pytest.mark.django_db
FIRST, OTHER = "a" * 64, "b" * 64


def result(identity: str | None, split: Split = "test", auroc: float | None = 0.75) -> Stamped[Event]:
    event = FinalStats(
        split=split,
        epoch=0,
        threshold=0.5,
        confusion_matrix=[[5, 1], [1, 2]],
        class_names=["no", "yes"],
        statistics={"final_auroc_cm": auroc},
        split_identity=identity,
    )
    return recorder.stamp(event)


def begin(user: User, **columns: Any) -> Run:
    """Make a run that is running; `columns` say which fold of which group it is."""
    run = lifecycle.create(user, CONFIG)
    Run.objects.filter(pk=run.pk).update(**columns)
    assert lifecycle.claim(run.pk, "a") is not None
    return run


def evaluated(user: User, identity: str | None = FIRST, auroc: float | None = 0.75, **columns: Any) -> Run:
    """Make a run that was evaluated and completed."""
    run = begin(user, **columns)
    recorder.record(run.pk, 1, [result(identity, auroc=auroc)])
    lifecycle.end(run.pk, 1, "completed", None)
    return run


def again(run: Run) -> int:
    """Claim the run once more, and forget the results of the attempt before as the start of a training does."""
    claimed = lifecycle.claim(run.pk, "b")
    assert claimed is not None
    run.final_results.all().delete()
    run.metrics.all().delete()
    return claimed.attempt


def resumed(run: Run) -> int:
    Run.objects.filter(pk=run.pk).update(last_checkpoint="checkpoints/a1/epoch0000.ckpt")
    assert lifecycle.resume(run.pk, "Resumed.")
    return again(run)


def counts(run: Run) -> tuple[int, int, int | None]:
    found = split_looks.of_run(run.pk)
    assert found is not None
    return found.looks, found.runs, found.order


def test_each_run_counts_once_and_has_its_place(user: User) -> None:
    runs = [evaluated(user, identity) for identity in (FIRST, OTHER, FIRST, FIRST)]
    assert [counts(run) for run in runs] == [(3, 3, 1), (1, 1, 1), (3, 3, 2), (3, 3, 3)]
    found = [split_looks.of_run(run.pk) for run in runs]
    moments = list(SplitLook.objects.filter(identity=FIRST).values_list("at", flat=True))
    assert found[3] is not None
    assert found[3].first == moments[0] <= timezone.now()


def best_of(run: Run) -> int | None:
    found = split_looks.of_run(run.pk)
    assert found is not None
    return found.best_of


def test_the_run_with_the_highest_test_number_says_of_how_many(user: User, api: Client) -> None:
    first = evaluated(user, auroc=0.8)
    assert best_of(first) is None  # alone
    second = evaluated(user, auroc=0.8)
    assert best_of(first) is best_of(second) is None  # all alike
    low, unknown, other = evaluated(user, auroc=0.7), evaluated(user, auroc=None), evaluated(user, OTHER, auroc=0.99)
    assert [best_of(run) for run in (first, second, low, unknown, other)] == [3, 3, None, None, None]
    told = api.get(f"/api/runs/{first.pk}/").json()["test_split"]
    assert told["best_of"] == 3
    assert told["text"].endswith(
        "Its test AUROC is the highest of 3 runs: as the best of several it is optimistic, "
        "as is any other number that a run was picked by."
    )
    high = evaluated(user, auroc=0.9)
    assert (best_of(first), best_of(high)) == (None, 4)


def test_neither_validation_nor_an_event_of_before_is_a_look(user: User) -> None:
    run = begin(user)
    data = json.loads(result(None, "test").data)
    del data["split_identity"]
    old = decode("final_stats", json.dumps(data).encode())
    recorder.record(run.pk, 1, [result(None, "val"), recorder.stamp(old)])
    assert not SplitLook.objects.exists()
    assert split_looks.of_run(run.pk) is None


def test_an_event_that_comes_twice_counts_once(user: User) -> None:
    run, told = begin(user), [result(FIRST)]
    recorder.record(run.pk, 1, told)
    recorder.record(run.pk, 1, told, again=True)
    split_looks.add(run.pk, 1, told[0])
    split_looks.add(run.pk, 1, result(FIRST))
    assert counts(run) == (1, 1, 1)


def test_a_writer_that_lost_its_run_counts_nothing(user: User) -> None:
    run = begin(user)
    expire(run)
    assert lifecycle.recover(run.pk)
    with pytest.raises(Fenced):
        recorder.record(run.pk, 1, [result(FIRST)])
    assert not SplitLook.objects.exists()


def test_an_attempt_that_the_server_repeats_is_the_same_look(user: User) -> None:
    run = begin(user)
    recorder.record(run.pk, 1, [result(FIRST)])
    expire(run)
    assert lifecycle.recover(run.pk)
    attempt = again(run)
    assert attempt == 2
    recorder.record(run.pk, attempt, [result(FIRST)])
    lifecycle.end(run.pk, attempt, "completed", None)
    assert counts(run) == (1, 1, 1)
    assert counts(evaluated(user)) == (2, 2, 2)


def test_a_person_who_resumes_an_evaluated_run_looks_again(user: User) -> None:
    """Its result was there to be seen; what the server repeats of the second look is not a third one."""
    run = begin(user)
    recorder.record(run.pk, 1, [result(FIRST)])
    lifecycle.end(run.pk, 1, "cancelled", None)
    other = evaluated(user)
    attempt = resumed(run)
    recorder.record(run.pk, attempt, [result(FIRST)])
    expire(run)
    assert lifecycle.recover(run.pk)
    recorder.record(run.pk, again(run), [result(FIRST)])
    assert list(SplitLook.objects.filter(run_number=run.pk).values_list("attempt", flat=True)) == [1, 2]
    assert (counts(run), counts(other)) == ((3, 2, 1), (3, 2, 2))


def test_a_run_that_fails_before_its_evaluation_has_one_look_after_it_is_resumed(user: User) -> None:
    run = begin(user)
    lifecycle.end(run.pk, 1, "failed", "It broke.")
    recorder.record(run.pk, resumed(run), [result(FIRST)])
    assert counts(run) == (1, 1, 1)


def test_deleted_and_purged_runs_still_count(user: User, api: Client) -> None:
    gone, kept = evaluated(user), evaluated(user)
    deletion.delete(gone.pk, user)
    assert listed(api, kept) == [kept.pk]
    Run.objects.filter(pk=gone.pk).update(deleted_at=timezone.now() - timedelta(days=10_000))
    assert deletion.purge(Run.objects.get(pk=gone.pk), pause=lambda _seconds: None)
    assert not Run.objects.filter(pk=gone.pk).exists()
    assert counts(kept) == (2, 2, 2)
    assert listed(api, kept) == [kept.pk]


def test_what_is_kept_names_nobody(user: User) -> None:
    evaluated(user)
    [look] = SplitLook.objects.values()
    assert set(look) == {"id", "identity", "run_number", "group_number", "attempt", "at"}
    assert not SplitLook._meta.related_objects
    assert not [field for field in SplitLook._meta.fields if field.is_relation]


def listed(api: Client, run: Run) -> list[int]:
    return [one["id"] for one in answer(api, run)["runs"]]


def answer(api: Client, run: Run) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run.pk}/test-split/")
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]


def test_all_who_may_see_the_runs_get_the_same_count(user: User, api: Client) -> None:
    other = User.objects.create_user("bob")
    mine, theirs, elsewhere = evaluated(user), evaluated(other), evaluated(other, OTHER)
    client = Client()
    client.force_login(other)
    for asked in (api, client):
        found = answer(asked, mine)
        assert listed(asked, mine) == [theirs.pk, mine.pk]
        assert (found["test_split"]["looks"], found["test_split"]["order"]) == (2, 1)
        assert listed(asked, elsewhere) == [elsewhere.pk]
    [_, one] = answer(api, theirs)["runs"]
    assert set(one) == {"id", "experiment_name", "looks", "first"}
    assert Client().get(f"/api/runs/{mine.pk}/test-split/").status_code == 401


def test_the_answer_costs_the_same_for_many_runs(user: User, api: Client) -> None:
    run = evaluated(user)
    with CaptureQueriesContext(connection) as few:
        answer(api, run)
    for _ in range(5):
        evaluated(user)
    with CaptureQueriesContext(connection) as many:
        assert len(answer(api, run)["runs"]) == 6
    assert len(many) == len(few)


def test_the_run_says_it_in_numbers_and_words(user: User, api: Client) -> None:
    evaluated(user)
    run = evaluated(user)
    found = api.get(f"/api/runs/{run.pk}/").json()["test_split"]
    assert found.pop("first").endswith("Z")
    assert found == {
        "identity": "a" * 12,
        "looks": 2,
        "runs": 2,
        "folds": 0,
        "order": 2,
        "best_of": None,
        "text": "These test samples have been evaluated 2 times, by 2 runs; this was the 2nd of them. "
        "A number picked as the best of several is optimistic.",
    }
    exports.export(Run.objects.select_related("owner").get(pk=run.pk))
    written = json.loads((run.folder / "results.json").read_text())["test_split"]
    assert (written["looks"], written["order"], written["identity"]) == (2, 2, "a" * 12)


def test_pages_of_the_run_say_it(user: User, browser_session: Client, admin: Client) -> None:
    evaluated(user)
    run = evaluated(user)
    words = "evaluated 2 times, by 2 runs; this was the 2nd of them"
    page = browser_session.get(f"/runs/{run.pk}/").content.decode()
    [shown] = page.split('<span id="test-looks">')[1:]
    assert words in shown.partition("</span>")[0]
    assert words in admin.get(f"/admin/runs/run/{run.pk}/change/").content.decode()


def test_a_run_of_before_says_nothing(user: User, api: Client, browser_session: Client, admin: Client) -> None:
    run = evaluated(user, None)
    assert api.get(f"/api/runs/{run.pk}/").json()["test_split"] is None
    assert answer(api, run) == {"run_id": run.pk, "test_split": None, "runs": []}
    assert '<span id="test-looks"></span>' in browser_session.get(f"/runs/{run.pk}/").content.decode()
    assert "These test samples" not in admin.get(f"/admin/runs/run/{run.pk}/change/").content.decode()


def test_an_evaluation_that_is_void_is_not_shown_but_counts(user: User, api: Client) -> None:
    run = evaluated(user)
    Run.objects.filter(pk=run.pk).update(final_split="")
    assert api.get(f"/api/runs/{run.pk}/").json()["test_split"] is None
    assert counts(evaluated(user)) == (2, 2, 2)


def a_group(user: User, size: int, identities: tuple[str, ...] = (FIRST,)) -> RunGroup:
    """Make a cross-validation whose folds were evaluated on these test samples, in turn."""
    group = RunGroup.objects.create(name="Lungs", owner=user, config=CONFIG, size=size)
    for fold in range(1, size + 1):
        evaluated(user, identities[fold % len(identities)], group=group, fold=fold, folds=size)
    return group


def test_folds_share_their_test_samples_and_say_so(user: User, api: Client, admin: Client) -> None:
    group = a_group(user, 3)
    found = api.get(f"/api/runs/groups/{group.pk}/").json()["test_split"]
    assert (found["looks"], found["runs"], found["folds"], found["order"]) == (3, 3, 3, None)
    assert found["text"].startswith("These test samples have been evaluated 3 times, by the 3 folds of one cross-")
    evaluated(user)
    found = api.get(f"/api/runs/groups/{group.pk}/").json()["test_split"]
    assert (found["looks"], found["runs"], found["folds"]) == (4, 4, 3)
    words = "by 4 runs, 3 of them folds of one cross-validation"
    assert words in found["text"]
    second = group.runs.get(fold=2)
    assert f"{words}; this was the 2nd of them" in api.get(f"/api/runs/{second.pk}/").json()["test_split"]["text"]
    assert words in admin.get(f"/admin/runs/rungroup/{group.pk}/change/").content.decode()


def test_a_purged_fold_still_counts_among_the_folds(user: User) -> None:
    group = a_group(user, 3)
    gone = group.runs.get(fold=1)
    Run.objects.filter(pk=gone.pk).update(deleted_at=timezone.now() - timedelta(days=10_000))
    assert deletion.purge(Run.objects.get(pk=gone.pk), pause=lambda _seconds: None)
    found = split_looks.of_group(group.pk)
    assert found is not None
    assert (found.looks, found.folds) == (3, 3)


def test_folds_on_different_test_samples_have_no_common_count(user: User, api: Client) -> None:
    group = a_group(user, 2, (FIRST, OTHER))
    assert api.get(f"/api/runs/groups/{group.pk}/").json()["test_split"] is None
