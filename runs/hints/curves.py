"""Hints about the losses and metrics over the epochs. Pure.

Three epochs in a row must agree, so that no single noisy one makes a hint.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from runs.hints.evidence import Evidence, known, newest_known
from runs.hints.hint import Hint
from runs.hints.lower_rate import lower_rate_cure
from runs.wording.epoch_number import epoch_number
from runs.wording.number_text import number, percent, percent_range, score

AGREEING = 3  # epochs
SWING = 0.25  # of a share or score, up and down from one epoch to the next
PATIENCE = 10  # epochs, the default of callbacks.patience


def diverged(run: Evidence) -> Hint | None:
    """Report that the loss of the last epoch is no longer a number."""
    if not run.history:
        return None
    lost = [
        name for name in ("train_loss", "val_loss") if name in run.history[-1][1] and run.history[-1][1][name] is None
    ]
    if not lost:
        return None
    since = run.history[-1][0]
    for epoch, metrics in reversed(run.history):
        if all(metrics.get(name) is not None for name in lost):
            break
        since = epoch
    mixed = run.options.precision == "16-mixed"
    return Hint(
        code="diverged",
        severity="error",
        text=f"{' and '.join(lost)} {'are' if len(lost) > 1 else 'is'} not finite since epoch {epoch_number(since)}.",
        cure=lower_rate_cure(run.options.learning_rate) + (" Or set trainer.precision to bf16-mixed." if mixed else ""),
        epoch=run.last,
        since=since,
    )


def overfitting(run: Evidence) -> Hint | None:
    """Report that val_loss has been well above its minimum for three epochs, while train_loss went on falling.

    Well above: by a quarter of the minimum, and by a twentieth of the way it had fallen. While the monitored value is
    as good as ever, that is only information: the scores merely become overconfident.
    """
    points = known(run.history, "train_loss", "val_loss")
    if not points:
        return None
    lowest = min(range(len(points)), key=lambda index: points[index][1][1])
    since, (train, val) = points[lowest]
    later = [losses for _, losses in points[lowest + 1 :]][-AGREEING:]
    limit = val + max(0.25 * abs(val), 0.05 * (points[0][1][1] - val))
    risen = len(later) == AGREEING and min(loss for _, loss in later) > limit
    if not risen or later[-1][0] > 0.95 * train:
        return None
    monitor = run.options.monitor
    still_best = monitor != "val_loss" and _is_near_its_best(run, monitor)
    return Hint(
        code="overfitting",
        severity="info" if still_best else "warning",
        text=f"Overfitting since epoch {epoch_number(since)}: val_loss rose from {number(val)} to "
        f"{number(later[-1][1])}, while train_loss fell from {number(train)} to {number(later[-1][0])}."
        + (
            f" {monitor} is still at its best, so the scores become overconfident rather than wrong."
            if still_best
            else ""
        ),
        cure="The best checkpoint is kept. More data, augmentation.preset, model.dropout or optimizer.weight_decay "
        "help; a smaller callbacks.patience ends such a run earlier.",
        epoch=run.last,
        since=since,
    )


def gap(run: Evidence) -> Hint | None:
    """Report a training accuracy five points above what chance explains in validation (its 95 % interval)."""
    size = run.sizes.get("val", 0)
    points = newest_known(run.history, AGREEING, "train_acc", "val_acc")
    if not size or len(points) < AGREEING:
        return None
    tops = [run.interval("accuracy", val, size)[1] for _, (_, val) in points]
    if any(train - top <= 0.05 for (_, (train, _)), top in zip(points, tops, strict=True)):
        return None
    train, val = points[-1][1]
    low, high = run.interval("accuracy", val, size)
    return Hint(
        code="gap",
        severity="warning",
        text=f"train_acc is {percent(train)}, val_acc {percent(val)} (95 % interval "
        f"{percent_range(low, high)}, {size} samples): the network does not generalise.",
        cure="More data, augmentation.preset, model.dropout or optimizer.weight_decay; and check in the pre-flight "
        "report whether both splits are of the same kind.",
        epoch=run.last,
        since=points[0][0],
    )


def not_learning(run: Evidence) -> Hint | None:
    """Report that train_loss is within 1 % of its start five epochs after the warm-up, and scores rank badly."""
    points = known(run.history, "train_loss")
    if len(points) < 5 + run.options.warmup_epochs:
        return None
    first = points[0][1][0]
    moved = max(abs(loss - first) for _, (loss,) in points)
    if moved > 0.01 * abs(first):
        return None
    best = max((value for _, (value,) in known(run.history, "val_auroc")), default=0.5)
    if best > 0.8:
        return None
    rate = run.options.learning_rate
    return Hint(
        code="not_learning",
        severity="warning",
        text=f"In {len(points)} epochs train_loss has not moved from {number(first)} by more than {number(moved)}; "
        f"the best val_auroc is {score(best)}.",
        cure=f"Raise optimizer.learning_rate (try {rate * 10:g}; or {rate / 10:g}, if the loss jumped at first), free "
        "more of the network with model.trainable, and check that the labels belong to the samples.",
        epoch=run.last,
        since=points[0][0],
    )


def loss_rising(run: Evidence) -> Hint | None:
    """Report that for three epochs train_loss has risen by half, and lost a quarter of its gain.

    Not where the schedule raises the learning rate on purpose.
    """
    points = known(run.history, "train_loss")
    if run.options.scheduler in ("cosine_restarts", "one_cycle") or len(points) <= AGREEING:
        return None
    since, (low,) = min(points, key=lambda point: point[1][0])
    recent = [loss for epoch, (loss,) in points[-AGREEING:] if epoch > since]
    limit = low + max(0.5 * abs(low), 0.25 * (points[0][1][0] - low))
    if len(recent) < AGREEING or min(recent) < limit:
        return None
    rate = run.options.learning_rate
    return Hint(
        code="loss_rising",
        severity="warning",
        text=f"train_loss has risen from {number(low)} in epoch {epoch_number(since)} to {number(recent[-1])}: "
        "the learning rate is likely too high.",
        cure=f"Lower optimizer.learning_rate (try {rate / 10:g}), use optimizer.warmup_epochs, or limit the steps "
        "with trainer.gradient_clip_val.",
        epoch=run.last,
        since=since,
    )


def still_improving(run: Evidence) -> Hint | None:
    """Report that the last planned epoch is the best, and val_loss fell by 5 % or more in the last three."""
    losses = [loss for _, (loss,) in newest_known(run.history, AGREEING + 1, "val_loss")]
    finished = run.status == "completed" and run.last is not None and run.last == run.max_epochs - 1
    if not finished or run.best_epoch != run.last or len(losses) < AGREEING + 1:
        return None
    before, after = losses[-AGREEING - 1], losses[-1]
    if not _falling(losses[-AGREEING - 1 :]) or after > 0.95 * before:
        return None
    return Hint(
        code="still_improving",
        severity="info",
        text=f"The last epoch is the best, and val_loss was still falling, from {number(before)} to {number(after)} "
        f"in the last {AGREEING} epochs.",
        cure=f"Raise trainer.max_epochs (try {2 * run.max_epochs}).{_swings(run)}",
        epoch=run.last,
        since=run.last - AGREEING if run.last is not None else None,
    )


def _swings(run: Evidence) -> str:
    """Say that the monitored share or score swings, so that chance chose its best epoch; blank where it does not."""
    monitor = run.options.monitor
    if monitor == "val_loss":
        return ""
    values = [value for _, (value,) in newest_known(run.history, 2 * AGREEING, monitor)]
    steps = [after - before for before, after in pairwise(values)]
    if not steps or min(steps) > -SWING or max(steps) < SWING:
        return ""
    return (
        f" {monitor} swings between {percent(min(values))} and {percent(max(values))}, so that the best epoch is "
        f"partly chance: set callbacks.monitor to {'val_loss' if monitor == 'val_auroc' else 'val_auroc'}."
    )


def best_long_ago(run: Evidence) -> Hint | None:
    """Report, without early stopping, as many epochs since the best one as it waits by default."""
    if run.options.early_stopping or run.best_epoch is None or run.last is None:
        return None
    if run.last - run.best_epoch < PATIENCE:
        return None
    epochs = run.last - run.best_epoch
    best = f"The best epoch is {epoch_number(run.best_epoch)}, {epochs} epochs"
    text, cure = f"{best} before the last one; early stopping was off.", ""
    if run.status == "in_progress":
        text = f"{best} ago, and early stopping is off."
        cure = "Finish the run now: its best epoch is evaluated. "
    return Hint(
        code="best_long_ago",
        severity="info",
        text=text,
        cure=f"{cure}Next time, leave callbacks.early_stopping on.",
        epoch=run.last,
        since=run.best_epoch,
    )


def _is_near_its_best(run: Evidence, metric: str) -> bool:
    """Return whether the last epochs of the monitored metric are within 0.01 of its best; it is none of the losses."""
    sign = -1 if run.options.mode == "min" else 1
    values = [sign * value for _, (value,) in known(run.history, metric)]
    return bool(values) and max(values[-AGREEING:]) > max(values) - 0.01


def _falling(values: Sequence[float]) -> bool:
    return all(later < earlier for earlier, later in pairwise(values))
