"""The hooks of a batch are called from one place, and nothing else of the callbacks changes."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.callbacks import Callback

from experiments.training.callbacks.batch_hooks import HOOKS, BatchHooks


class Recorder(Callback):
    """Writes down its name when it is called."""

    def __init__(self, name: str, calls: list[Any]) -> None:
        self._name, self._calls = name, calls

    def on_train_batch_end(self, *arguments: Any) -> None:
        self._calls.append((self._name, *arguments))

    def on_train_epoch_end(self, *_: Any) -> None:
        self._calls.append((self._name, "epoch"))


class Heir(Recorder):
    """Inherits the hook."""


def test_hooks_are_called_once_each_in_the_order_of_the_callbacks() -> None:
    calls: list[Any] = []
    callbacks = [Recorder("first", calls), Callback(), Heir("second", calls)]
    chain = [BatchHooks(callbacks), *callbacks]
    for callback in chain:  # as Lightning does it
        hook: Any = callback.on_train_batch_end
        if callable(hook):
            hook("trainer", "module", {}, "batch", 3)
    assert calls == [(name, "trainer", "module", {}, "batch", 3) for name in ("first", "second")]


def test_what_no_callback_has_is_not_called_at_all() -> None:
    callbacks = [Recorder("one", []), Callback()]
    bundle = BatchHooks(callbacks)
    unused = [hook for hook in HOOKS if hook != "on_train_batch_end"]
    assert all(getattr(callback, hook) is None for hook in unused for callback in (bundle, *callbacks))
    assert all(hasattr(Callback, hook) for hook in HOOKS)


def test_the_hooks_of_an_epoch_stay_with_the_callback() -> None:
    calls: list[Any] = []
    callback = Recorder("one", calls)
    bundle = BatchHooks([callback])
    callback.on_train_epoch_end()
    assert calls == [("one", "epoch")]
    assert "on_train_epoch_end" not in vars(bundle)
