"""The closed list of what is recorded in the audit trail; the reference page shows it, and a test compares both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

MINUTE = timedelta(minutes=1)
SOME_MINUTES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is recorded.

    `meaning` says what has happened. Where `counted` is set, repetitions by the same user, from the same address and of
    the same target within that time are one event with a count. `most` limits the targets that one address may name
    within that time; beyond them, events are counted without a target. With `outlasts`, the event is stored even where
    the transaction around it is rolled back.
    """

    name: str
    meaning: str
    counted: timedelta | None = None
    most: int | None = None
    outlasts: bool = False


_ALL = (
    # Logins
    Action("login.succeeded", "Somebody logged in: by password, one-time link or single sign-on."),
    Action(
        "login.failed",
        "Name and password do not belong together. An unknown name is shortened: it may be a password.",
        counted=MINUTE,
        most=20,
        outlasts=True,
    ),
    Action(
        "login.refused",
        "A login was not looked at: too many had failed, or too many were under way.",
        counted=MINUTE,
        outlasts=True,
    ),
    Action("logout", "Somebody logged out."),
    Action("link.created", "A link that logs a user in once was made."),
    Action("link.refused", "A one-time link was used that no longer works.", counted=MINUTE, outlasts=True),
    Action(
        "token.refused", "A request or WebSocket came with a token that is not valid.", counted=MINUTE, outlasts=True
    ),
    Action("sso.refused", "The identity provider's login was not accepted here.", counted=MINUTE, outlasts=True),
    Action("sso.connected", "An identity of the provider was connected with an account."),
    Action("sso.disconnected", "An identity of the provider was disconnected from an account."),
    # Credentials
    Action("token.created", "An API token was made."),
    Action("token.revoked", "An API token was revoked, by its user, an operator, or a new password."),
    Action("token.first_used", "An API token was used for the first time."),
    Action("ticket.created", "A ticket that opens one WebSocket was made.", counted=SOME_MINUTES),
    Action("password.changed", "A password was set or changed."),
    Action("password.refused", "The old password was wrong where a new one was asked for.", counted=MINUTE),
    # Users and rights
    Action("user.created", "A user was created."),
    Action("user.changed", "A user's name or address was changed."),
    Action("user.activated", "A user was switched on."),
    Action("user.deactivated", "A user was switched off."),
    Action(
        "user.rights_changed", "A user became or ceased to be staff or superuser, or groups or permissions changed."
    ),
    Action("user.deleted", "A user was deleted."),
    Action("group.created", "A group of users was created."),
    Action("group.changed", "A group of users was renamed."),
    Action("group.rights_changed", "The permissions of a group of users changed."),
    Action("group.deleted", "A group of users was deleted."),
    Action("project.created", "A project was created."),
    Action("project.changed", "A project's name, description or quota was changed."),
    Action("project.deleted", "A project was deleted."),
    Action("membership.granted", "A user became a member of a project."),
    Action("membership.changed", "A member's role was changed."),
    Action("membership.revoked", "A user is no longer a member of a project."),
    Action("share.created", "A link that shows a run or comparison without an account was made."),
    Action("share.revoked", "Such a link was revoked."),
    Action("share.opened", "Something was read by such a link.", counted=SOME_MINUTES),
    Action("share.refused", "Such a link was used that is revoked, expired or wrong.", counted=MINUTE, outlasts=True),
    # Runs
    Action("run.created", "A run was queued."),
    Action("run.retried", "A run was queued again from the beginning, as a new run."),
    Action("run.cloned", "A changed copy of a run was queued, as a new run."),
    Action("run.resumed", "A run was queued again, to continue from its last complete epoch."),
    Action("run.cancelled", "A run was asked to stop, or taken out of the queue."),
    Action("run.finished", "A run was asked to stop training early, and to evaluate."),
    Action("run.killed", "A run's processes were asked to end at once."),
    Action("run.deleted", "A run was deleted; it can be restored for some days."),
    Action("run.restored", "A deleted run was restored."),
    Action("run.purged", "A run's rows and files were removed for good."),
    Action("run.tagged", "Tags were added to a run or removed from it."),
    Action("run.described", "A run's name or description was changed."),
    Action("run.priority_changed", "A queued run's priority was changed."),
    Action("run.moved", "A queued run was moved past others."),
    Action("queue.paused", "The queue was paused."),
    Action("queue.resumed", "The queue was resumed."),
    Action("preflight.requested", "A dry run was requested."),
    Action("preflight.cancelled", "A dry run was cancelled."),
    Action("model_job.requested", "A job on a run's model was requested."),
    Action("model_job.cancelled", "A job on a run's model was cancelled."),
    Action("model_job.deleted", "A job on a run's model was removed with its files."),
    Action("external_test.added", "A run's model was tested on another data set."),
    Action("operating_point.saved", "An operating point was saved with a run, which decides by it from then on."),
    Action("operating_point.withdrawn", "A saved operating point was withdrawn."),
    Action("report.created", "A version of a report on a run was made."),
    Action("report.texts_changed", "Texts for the reports on a run were written or changed."),
    Action("report.downloaded", "A report on a run, or a figure of it, was read.", counted=SOME_MINUTES),
    # Data
    Action("dataset.registered", "A data set was registered."),
    Action("dataset.checked", "A check of a data set was requested."),
    Action("dataset.deleted", "A data set was deleted."),
    Action("upload.started", "An upload was begun."),
    Action("upload.received", "A part of an upload was received.", counted=SOME_MINUTES),
    Action("upload.completed", "An upload was completed, and became a data set."),
    Action("upload.dropped", "An unfinished upload was dropped."),
    Action("dataset.samples_viewed", "Samples of a data set were read: pictures or rows.", counted=SOME_MINUTES),
    # What was read of a run's results
    Action("run.pictures_viewed", "Pictures of a run's samples were read.", counted=SOME_MINUTES),
    Action("run.samples_viewed", "A run's samples were read, with ids and scores.", counted=SOME_MINUTES),
    Action("predictions.downloaded", "A run's predictions were downloaded.", counted=SOME_MINUTES),
    Action("split.downloaded", "A run's split, with the ids of its samples, was downloaded.", counted=SOME_MINUTES),
    Action("archive.downloaded", "A run's files were downloaded as one archive.", counted=SOME_MINUTES),
    Action("file.downloaded", "Another file of a run was downloaded.", counted=SOME_MINUTES),
    Action("model.predicted", "A run's model predicted files or rows that were sent."),
    Action("model.explained", "What scores of a run's model depend on was asked.", counted=SOME_MINUTES),
    Action("model_job.downloaded", "A file that a job on a run's model has made was downloaded.", counted=SOME_MINUTES),
    Action("model_file.downloaded", "A run's model was downloaded as a file that needs no server."),
    Action("model_file.written", "A run's model was written as a file on the server, by a command."),
    Action(
        "external_test.downloaded",
        "The predictions of an external test, with ids of samples and patients, were downloaded.",
        counted=SOME_MINUTES,
    ),
    Action("samples.exported", "A table of samples was exported.", counted=SOME_MINUTES),
    Action("run.exported", "A run's files of results were written again on the server."),
    # Being told
    Action("channel.created", "A webhook or another channel of notifications was created."),
    Action("channel.changed", "A channel of notifications was changed."),
    Action("channel.deleted", "A channel of notifications was deleted."),
    Action("channel.tested", "A test message was sent over a channel of notifications."),
    Action("delivery.repeated", "A message was sent again over a channel of notifications."),
    Action("subscription.changed", "What somebody is told about was changed."),
    # The server
    Action("admin.added", "Something that no other action names was added in the admin."),
    Action("admin.changed", "Something that no other action names was changed in the admin."),
    Action("admin.deleted", "Something that no other action names was deleted in the admin."),
    Action("backup.created", "A back-up of the database and the files was begun."),
    Action("audit.exported", "Events of this trail were exported."),
    Action("audit.pruned", "Events of this trail before a moment were removed."),
)
ACTIONS: Mapping[str, Action] = {action.name: action for action in _ALL}
