"""Call the hooks that run for each batch, of those callbacks alone that have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pytorch_lightning.callbacks import Callback

Hook: TypeAlias = Callable[..., None]

HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
    "on_validation_batch_start",
    "on_validation_batch_end",
)


class BatchHooks(Callback):
    """Calls the given callbacks' hooks of a batch, in their order; Lightning itself calls their other hooks.

    Lightning calls each of these hooks on every callback, nearly all of which do nothing, and composes a name for each
    call: a tenth of the training of a small network. It passes over a hook that is None, which those of the callbacks
    are from now on; their own methods are called from here.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        for name in HOOKS:
            own = [getattr(callback, name) for callback in callbacks if has_own(callback, name)]
            for callback in callbacks:
                setattr(callback, name, None)
            setattr(self, name, _in_turn(own))


def has_own(callback: Callback, hook: str) -> bool:
    """Return whether the callback's class has a hook that is not Lightning's empty one."""
    return getattr(type(callback), hook) is not getattr(Callback, hook)


def _in_turn(hooks: Sequence[Hook]) -> Hook | None:
    """Make one hook of several; None of none."""
    if len(hooks) < 2:
        return hooks[0] if hooks else None

    def call_all(*arguments: Any) -> None:
        for hook in hooks:
            hook(*arguments)

    return call_all
