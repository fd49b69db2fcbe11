"""The short rows that lists read are those of the runs at each moment, whoever changes a run, and however."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from runs import lifecycle, recorder
from runs.derived_models import ListedRun
from runs.describing import descriptions
from runs.events import DatasetSummary, Event, FinalStats, ModelSummary, Progress, Split, TrainingStart
from runs.leases import Fenced
from runs.models import Run, RunTag
from runs.removal import deletion
from runs.summaries import listed_runs
from runs.tagging import tags
from tests.runs.api.test_list import ids
from tests.runs.conftest import CONFIG, MakeRun

pytestmark = pytest.mark.django_db
URL = "/api/runs/"
WORDS = ("night", "NIGHT shift", "day", "cnn", "chest", "memory", "noted", "ada", "b", "#3", "Größe", "[]", "50%", "_")


def start(run: Run, network: str) -> TrainingStart:
    return TrainingStart(
        run_id=run.pk,
        experiment_name=run.experiment_name,
        max_epochs=10,
        training_mode="centralized",
        resumed_from_epoch=None,
        total_steps=9,
        dataset=DatasetSummary(name="chest", classes=["a", "b"], sizes={"train": 3}),
        model=ModelSummary(name=network, parameters=1, trainable=1),
    )


def final(split: Split, auroc: float) -> FinalStats:
    return FinalStats(
        epoch=1,
        split=split,
        threshold=0.5,
        class_names=["a", "b"],
        confusion_matrix=[[1, 0], [0, 1]],
        statistics={"final_auroc_cm": auroc, "final_recall_cm": auroc},
    )


class Team:
    """People and workers who do what can be done with runs, by chance; what is not possible they leave."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.people = [User.objects.create_user(name) for name in ("ada", "Bob", "eve")]
        self.deeds: list[Callable[[int], object]] = [
            self.create, self.claim, self.record, self.end, self.give_back, self.resume, self.cancel, self.rename,
            self.tag, self.note, self.delete, self.restore, self.purge, self.fill_in_bulk, self.rename_owner,
        ]  # fmt: skip

    def do_something(self) -> str:
        """Do one deed to one of the runs; return its name."""
        deed = self.chance.choice(self.deeds)
        fits: dict[Callable[[int], object], Sequence[str]] = {
            self.record: Run.RUNNING,
            self.end: Run.RUNNING,
            self.claim: ["queued"],
            self.resume: Run.RESUMABLE,
        }
        runs = Run.objects.filter(status__in=fits.get(deed, Run.Status.values))
        there = list(runs.order_by("pk").values_list("pk", flat=True))
        try:
            with transaction.atomic():
                deed(self.chance.choice(there) if there else 0)
        except (Fenced, deletion.NotPossible, Run.DoesNotExist):
            pass
        return deed.__name__

    def create(self, _run_id: int) -> None:
        name = self.chance.choice(("Night", "day 50%", "Größe"))
        config = {**CONFIG, "experiment_name": name, "model": {"name": "cnn"}}
        names = self.chance.sample(("a", "b", "night"), self.chance.randint(0, 2))
        lifecycle.create(self.chance.choice(self.people), config, tags=sorted(names))

    def claim(self, run_id: int) -> None:
        lifecycle.claim(run_id, "worker")

    def record(self, run_id: int) -> None:
        run, auroc = Run.objects.get(pk=run_id), self.chance.random()
        events: list[Event] = [start(run, self.chance.choice(("cnn", "mlp")))]
        splits: tuple[Split, ...] = ("val", "test")
        events += [final(split, auroc) for split in splits[: self.chance.randint(0, 2)]]
        noted = [{"code": str(auroc), "text": "Noted: Größe, [] and \\u00e9."}]
        recorder.record(run_id, run.attempt, [recorder.stamp(event) for event in events], notes=noted)

    def end(self, run_id: int) -> None:
        status: Any = self.chance.choice(("completed", "failed", "cancelled"))
        reason = "Out of memory" if status == "failed" else None
        lifecycle.end(run_id, Run.objects.get(pk=run_id).attempt, status, reason)

    def give_back(self, run_id: int) -> None:
        lifecycle.release(run_id, Run.objects.get(pk=run_id).attempt, "Drained.")

    def resume(self, run_id: int) -> None:
        Run.objects.filter(pk=run_id).update(last_checkpoint="last.ckpt")
        lifecycle.resume(run_id, "Go on.")

    def cancel(self, run_id: int) -> None:
        lifecycle.cancel(run_id, "No longer needed.")

    def rename(self, run_id: int) -> None:
        words = {"name": "Night shift", "description": "By day and\nby night", "": ""}
        name = self.chance.choice((*words,))
        descriptions.change(run_id, self.people[0], name=name or None, description=words[name])

    def tag(self, run_id: int) -> None:
        tags.change(run_id, [self.chance.choice("ab")], [self.chance.choice("ab")])

    def note(self, run_id: int) -> None:
        recorder.add_note(run_id, "x", 'A "noted" thing')
        if self.chance.random() < 0.5:
            recorder.drop_note(run_id, "x")

    def delete(self, run_id: int) -> None:
        deletion.delete(run_id, self.people[0])

    def restore(self, run_id: int) -> None:
        deletion.restore(run_id)

    def purge(self, run_id: int) -> None:
        run = Run.objects.get(pk=run_id)
        if run.deleted_at is not None and self.chance.random() < 0.3:
            Run.objects.filter(pk=run_id).update(deleted_at=timezone.now() - timedelta(days=1000))
            assert deletion.purge(run, lambda _seconds: None)

    def fill_in_bulk(self, run_id: int) -> None:
        owner = self.chance.choice(self.people)
        made = [
            Run(
                owner=owner, config=CONFIG, seed=1, experiment_name="in bulk", source_path="dataset:chest",
                monitor="val_auroc", max_epochs=1,
            )
            for _ in range(2)
        ]  # fmt: skip
        Run.objects.bulk_create(made)
        Run.objects.filter(pk__gte=run_id, status="queued").update(training_mode="federated", priority=3)

    def rename_owner(self, run_id: int) -> None:
        User.objects.filter(pk=self.people[2].pk).update(username=f"eve-{run_id}")


def test_whatever_is_done_to_runs_the_short_rows_tell_it(client: Client, settings: Settings) -> None:
    settings.UNDO_DAYS = 30
    team = Team(random.Random(1))
    client.force_login(team.people[0])
    done: Counter[str] = Counter()
    for number in range(150):
        done[team.do_something()] += 1
        assert listed_runs.differing() == 0, done
        if number % 50 == 49:
            for word in team.chance.sample(WORDS, 5):
                _compare(client, word)
    assert len(done) == len(team.deeds)
    assert Run.objects.filter(final_split="test").exists()


def _compare(client: Client, search: str) -> None:
    """Compare search, facets and groups with the rows of the runs and their tags, looked through here."""
    runs = [run for run in Run.objects.select_related("owner").filter(deleted_at=None) if _has_words(run, search)]
    found_ids = {run.pk for run in runs}
    asked = {"search": search, "page_size": "200"}
    assert {row["id"] for row in client.get(URL, asked).json()["results"]} == found_ids, search
    best = client.get(URL, {**asked, "ordering": "-best_value"}).json()["results"]
    assert {row["id"] for row in best} == found_ids
    facets = client.get(f"{URL}facets/", {"search": search}).json()
    assert facets["count"] == len(found_ids)
    found = {name: {row["value"]: row["count"] for row in facets[name] if row["count"]} for name in ("status", "tag")}
    assert found["status"] == Counter(run.status for run in runs)
    assert found["tag"] == Counter(RunTag.objects.filter(run__in=found_ids).values_list("name", flat=True))
    asked = {"search": search, "by": "owner", "page_size": "100"}
    groups = client.get(f"{URL}grouped/", asked).json()["results"]
    assert {group["key"]: group["count"] for group in groups} == Counter(run.owner.username for run in runs)
    completed = Counter(run.owner.username for run in runs if run.status == "completed" and run.final_split)
    described = {group["key"]: sum(split["runs"] for split in group["splits"].values()) for group in groups}
    assert {key: number for key, number in described.items() if number} == completed


def _has_words(run: Run, search: str) -> bool:
    """Tell whether each word is in a text of the run; databases may or may not know the capitals of ö."""
    texts = [run.experiment_name, run.source_path, run.model_name, run.description, run.reason or ""]
    texts += [run.owner.username, *run.tag_rows.values_list("name", flat=True)]
    texts.append(search if search == f"#{run.pk}" else "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(notes AS text) FROM runs_run WHERE id = %s", [run.pk])
        notes = cursor.fetchone()[0]
    every = [*texts, notes, *(note["text"] for note in run.notes)]
    return all(any(word.lower() in text.lower() for text in every) for word in search.split())


def test_words_do_not_span_two_texts_and_spellings_of_notes_are_theirs_alone(api: Client, make_run: MakeRun) -> None:
    make_run(experiment_name="fore", source_path="noon")
    noted = make_run(notes=[{"code": "x", "text": 'é "quoted"'}])
    literal = make_run(experiment_name="\\u00e9")
    assert ids(api, search="forenoon") == []
    assert ids(api, search="é") == ids(api, search='"quoted"') == [noted.pk]
    in_ascii = [] if connection.vendor == "postgresql" else [noted.pk]
    assert ids(api, search="\\u00e9") == [literal.pk, *in_ascii]


def test_what_is_wrong_with_them_is_counted(make_run: MakeRun) -> None:
    runs = [make_run(reason="broken" if number else None) for number in range(4)]
    ListedRun.objects.filter(pk=runs[0].pk).update(status="failed")
    ListedRun.objects.filter(pk=runs[1].pk).update(words="")
    ListedRun.objects.filter(pk=runs[2].pk).delete()
    ListedRun.objects.filter(pk=runs[3].pk).update(deleted_at=timezone.now())
    assert listed_runs.differing() == 4
    ListedRun.objects.filter(pk=runs[3].pk).update(id=runs[3].pk + 1000)
    assert listed_runs.differing() == 5, "one is missing, one too many"


def test_triggers_that_are_lost_come_back_with_all_that_they_missed(make_run: MakeRun) -> None:
    runs = [make_run() for _ in range(3)]
    listed_runs.drop_triggers()
    Run.objects.filter(pk=runs[0].pk).update(experiment_name="renamed")
    Run.objects.filter(pk=runs[1].pk).delete()
    make_run()
    assert listed_runs.differing() == 3
    told = io.StringIO()
    listed_runs.after_migrating(verbosity=1, stdout=told)
    assert (listed_runs.differing(), told.getvalue()) == (0, "")
    make_run(status="failed")
    assert listed_runs.differing() == 0


def test_runs_can_be_loaded_where_their_short_rows_are_already(make_run: MakeRun, tmp_path: Path) -> None:
    """`loaddata` stores the short rows first, as `dumpdata` writes them."""
    runs = [make_run() for _ in range(2)]
    path = tmp_path / "dump.json"
    call_command("dumpdata", "runs", output=str(path))
    Run.objects.all().delete()
    call_command("loaddata", str(path), verbosity=0)
    assert {*ListedRun.objects.values_list("pk", flat=True)} == {run.pk for run in runs}
    assert listed_runs.differing() == 0


def test_migrating_back_lets_runs_change_without_the_table(make_run: MakeRun) -> None:
    run = make_run()
    with connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        import_module("runs.migrations.0029_listed_runs").drop_triggers(None, editor)
        cursor.execute("DROP TABLE runs_listedrun")
    assert not listed_runs.are_kept()
    assert Run.objects.filter(pk=run.pk).update(status="failed")
    listed_runs.after_migrating()


def test_many_runs_are_copied_piece_by_piece_which_is_told(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make_run() for _ in range(5)]
    monkeypatch.setattr(listed_runs, "_FILLED", runs[2].pk)
    listed_runs.drop_triggers()
    ListedRun.objects.all().delete()
    told = io.StringIO()
    listed_runs.after_migrating(verbosity=1, stdout=told)
    assert told.getvalue().splitlines()[-1].endswith(f"up to {runs[-1].pk:,} of {runs[-1].pk:,}")
    assert listed_runs.differing() == 0


def test_a_migration_mends_what_is_wrong_and_else_copies_nothing(make_run: MakeRun) -> None:
    make_run()
    ListedRun.objects.update(words="wrong")
    call_command("migrate", verbosity=0)
    assert listed_runs.differing() == 0
    with CaptureQueriesContext(connection) as captured:
        listed_runs.after_migrating()
    looks = ("SELECT", "PRAGMA table_xinfo")
    assert not [query for query in captured.captured_queries if not query["sql"].strip().startswith(looks)]


def test_progress_and_leases_do_not_reach_the_short_rows(user: User) -> None:
    run = lifecycle.create(user, CONFIG)
    lifecycle.claim(run.pk, "worker")
    ListedRun.objects.update(words="KEPT")
    event = Progress(epoch=0, batch_idx=0, batches=1, step=1, total_steps=9, samples_per_second=None, eta_seconds=None)
    recorder.record(run.pk, 1, [recorder.stamp(event)], columns={"best_value": 0.5})
    lifecycle.renew(run.pk, 1)
    Run.objects.get(pk=run.pk).save()  # all columns, of which none has changed
    assert ListedRun.objects.get().words == "KEPT"
    lifecycle.end(run.pk, 1, "completed", None)
    assert (ListedRun.objects.get().status, listed_runs.differing()) == ("completed", 0)
