"""Runs in the Django admin, and what operators do with them: order the queue, stop, resume, retry, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from rest_framework.exceptions import APIException

import experiments.model_jobs.job_admin  # noqa: F401  where Django looks for pages of the admin
from experiments.api import operations
from runs.admin import RunAdmin
from runs.admin_pages import confirmation
from runs.models import Run
from runs.removal import deletion
from runs.scheduling import moves
from runs.scheduling.moves import Destination

Status = Run.Status


@dataclass(frozen=True)
class Operation:
    """What a user of the admin may do to a run.

    `label` stands in the list's menu, `button` on the page of a run in one of `states`, `done` after "3 runs". A
    `question` comes first in both, where nothing undoes it; what only the list asks, since many are chosen at once
    there, is `question_of_many`.
    """

    label: str
    button: str
    done: str
    states: tuple[str, ...]
    act: Callable[[Run, User], object]
    to: Destination | None = None
    question: str = ""
    question_of_many: str = ""


def _move(label: str, button: str, done: str, to: Destination) -> Operation:
    return Operation(label, button, done, (Status.QUEUED,), lambda run, user: operations.move(run, user, to), to)


RUNNING = tuple(Run.RUNNING)
OPERATIONS = {
    "move_front": _move("Queue: move to the front", "To the front", "moved to the front of the queue", "front"),
    "move_up": _move("Queue: move up by one", "Up", "moved up in the queue", "up"),
    "move_down": _move("Queue: move down by one", "Down", "moved down in the queue", "down"),
    "move_end": _move("Queue: move to the end", "To the end", "moved to the end of the queue", "end"),
    "finish": Operation(
        "Stop now and count as completed",
        "Finish",
        "told to finish",
        (Status.IN_PROGRESS,),
        operations.finish,
        question="Stop now and evaluate the best epoch? A finished run cannot be resumed.",
    ),
    "cancel": Operation(
        "Cancel",
        "Cancel",
        "told to stop",
        (Status.QUEUED, Status.IN_PROGRESS),
        operations.cancel,
        question="Stop after this batch?",
    ),
    "cancel_evaluate": Operation(
        "Cancel, but evaluate the best checkpoint first",
        "Cancel and evaluate",
        "told to evaluate and stop",
        (Status.IN_PROGRESS,),
        lambda run, user: operations.cancel(run, user, evaluate=True),
        question="Stop after this batch, once its best epoch is evaluated?",
    ),
    "kill": Operation(
        "Kill: end the processes at once",
        "Kill",
        "told to end at once",
        RUNNING,
        operations.kill,
        question="End its processes at once? What they have not saved is lost.",
    ),
    "resume": Operation(
        "Resume from the last complete epoch",
        "Resume",
        "queued again",
        (Status.FAILED, Status.CANCELLED),
        operations.resume,
    ),
    "retry": Operation(
        "Run again: a new run of the same configuration",
        "Run again",
        "started again",
        tuple(Run.ENDED),
        operations.retry,
    ),
    "delete": Operation(
        "Delete (can be restored; running ones must be cancelled first)",
        "Delete",
        "deleted",
        (Status.QUEUED, *Run.ENDED),
        operations.delete,
        question_of_many="They disappear from all lists, for everybody. Queued ones are cancelled first.",
    ),
    "restore": Operation("Restore deleted runs", "Restore", "restored", (), operations.restore),
}


class OperatedRunAdmin(RunAdmin):
    """The admin of runs, in which staff may do with them what they may do through the API."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """Offer every operation in the menu of the list."""
        return {name: (_of_list(name), name, operation.label) for name, operation in OPERATIONS.items()}

    def get_urls(self) -> list[URLPattern]:
        """Add the address to which the buttons of a run's page post."""
        act = self.admin_site.admin_view(require_POST(self.act_on_one))
        return [path("<int:pk>/act/", act, name="runs_run_act"), *super().get_urls()]

    def act_on_one(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Carry out what a button on a run's page asks for, and show the page again."""
        run = self.get_queryset(request).filter(pk=pk).first()
        if run is None:
            raise Http404(f"Run {pk} does not exist.")
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        name = request.POST.get("action", "")
        if name not in OPERATIONS:
            raise Http404("There is no such action.")
        self.operate(request, name, [run])
        return redirect(reverse("admin:runs_run_change", args=[pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the buttons that this run's state allows to its page."""
        run = context["original"]
        context["operations"] = _possible(run)
        context["restorable_until"] = run.deleted_at and deletion.restorable_until(run.deleted_at)
        return super().render_change_form(request, context, *args, **kwargs)

    def operate(self, request: HttpRequest, name: str, runs: Iterable[Run]) -> None:
        """Carry out an operation on each run; a run that refuses it stops no other, and its reason is shown."""
        operation, done = OPERATIONS[name], 0
        asked = list(runs)
        chosen = _in_order(asked, operation.to)
        for run in chosen:
            try:
                said = _act(operation, run, request.user)  # type: ignore[arg-type]  # logged in
                done += 1
                if isinstance(said, deletion.Restored) and said.cancelled:
                    self.message_user(request, said.detail, messages.WARNING)
            except APIException as error:
                self.message_user(request, str(error.detail), messages.WARNING)
        if there := len(asked) - len(chosen):
            self.message_user(request, f"{_runs(there)} {'stands' if there == 1 else 'stand'} there already.")
        if done or not there:
            self.message_user(request, f"{_runs(done)} {operation.done}.")


def _act(operation: Operation, run: Run, user: User) -> object:
    """Carry out the operation and return its result."""
    if operation.act is not operations.restore:
        operations.require_not_deleted(run)
    return operation.act(run, user)


def _runs(number: int) -> str:
    return f"{number} {'run' if number == 1 else 'runs'}"


def _of_list(name: str) -> Callable[[OperatedRunAdmin, HttpRequest, QuerySet[Run]], HttpResponseBase | None]:
    """Return the action of the list, which first shows a page with the question if the operation has one."""
    operation = OPERATIONS[name]
    question = operation.question or operation.question_of_many

    def act(model_admin: OperatedRunAdmin, request: HttpRequest, chosen: QuerySet[Run]) -> HttpResponseBase | None:
        runs = list(chosen.select_related("owner"))
        agreed = confirmation.confirmed(request, runs) if question else runs
        if agreed is not None:
            model_admin.operate(request, name, agreed)
            return None
        return confirmation.confirmation_page(
            model_admin,
            request,
            runs,
            action=name,
            label=operation.button,
            question=question,
        )

    return act


def _possible(run: Run) -> list[tuple[str, Operation]]:
    if run.deleted_at is not None:
        return [("restore", OPERATIONS["restore"])]
    return [(name, operation) for name, operation in OPERATIONS.items() if run.status in operation.states]


def _in_order(runs: list[Run], to: Destination | None) -> list[Run]:
    """Put the runs to be moved into the order in which they keep their places among each other.

    Those that will be refused come last; those that need no move are left out.
    """
    if to is None:
        return runs
    known = {run.pk: run for run in runs}
    moving = [known[pk] for pk in moves.one_by_one(known.keys(), to)]
    return moving + list(Run.objects.filter(pk__in=known).exclude(status=Status.QUEUED).select_related("owner"))


admin.site.register(Run, OperatedRunAdmin)
