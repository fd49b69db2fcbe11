"""The messages that tell users why a run ended, waits or began again; each names its cure."""

from __future__ import annotations

from runs.failures import storage_errors

NOTHING_COMPLETE = "It was told to finish before its first epoch was complete, so there is nothing to evaluate."
DID_NOT_FINISH = (
    "The training was told to finish, but did not stop within the grace period and was killed. "
    "Resume it to continue from its last checkpoint."
)
NO_ADDRESS = (
    "trainer.num_nodes asks for {nodes} machines, and the worker that took the run has no address that the others "
    "could reach: start it with LIVETRAIN_NODE_ADDRESS, or use trainer.num_nodes 1."
)
INVITATION = (
    "Trained on {nodes} machines: it begins when `manage.py join {run_id} --node N` runs on each further one, "
    "N being 1 to {last}."
)
STOPPED_FROM_OUTSIDE = (
    "The training was stopped from outside (SIGTERM) without a request to this server. "
    "Resume it to continue from its last complete epoch."
)
GOES_ON = "It continues from its last checkpoint."
BEGINS_AGAIN = "It begins again, because no epoch was complete."
KILLED_BEFORE = "That had happened before, so it is not started again."
FROZEN = (
    "The training process gave no sign of life for {:.0f} seconds. Look at the end of its train.log; if the machine "
    "was overloaded or a disk did not answer, resume it or run it again."
)
CHECKPOINT_GONE = (
    "Its last checkpoint, {}, is not in its folder any more, so it began again with the first epoch. "
    "manage.py prune keeps that file: something else removed it."
)
NOT_STORED = (
    "The database stored nothing for {:.0f} seconds, so the training was stopped. Its epochs up to then are stored. "
    "Resume it to continue from the last complete one."
)
STORE_AWAITED = "The object store with the files of earlier attempts did not answer. Resume the run when it does."
DRAINED = "The server was stopped; the run continues from its last complete epoch."


def what_failed(error: Exception) -> str:
    """Describe what went wrong with files, without the folders of the server; other errors as they are."""
    if sentence := storage_errors.of_a_run(error):
        return sentence
    said = storage_errors.without_folders(error) if isinstance(error, OSError) else str(error)
    return said if said.endswith((".", "!")) else f"{said}."
