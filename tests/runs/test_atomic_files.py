"""Files are whole or do not exist, also when the disk is full."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from experiments.training.callbacks.checkpoints.whole_checkpoints import WholeCheckpoints
from runs.atomic_files import replacing, write


def test_a_file_appears_whole_in_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.bin"
    with replacing(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    write(path, b"old")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.bin"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the kernel refuse to make any file of this process larger, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)


def test_a_disk_that_refuses_leaves_no_part(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    write(path, b"old")
    with files_of_at_most(10_000), pytest.raises(OSError, match="File too large"):
        write(path, b"x" * 20_000)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.bin"]


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640)])
def test_a_file_has_the_rights_that_the_umask_leaves(tmp_path: Path, umask: int, mode: int) -> None:
    previous = os.umask(umask)
    try:
        with replacing(tmp_path / "file.bin") as temporary:
            temporary.touch(mode=0o600)
            temporary.chmod(0o666)
    finally:
        os.umask(previous)
    assert (tmp_path / "file.bin").stat().st_mode & 0o777 == mode


def test_a_checkpoint_that_does_not_fit_leaves_nothing_and_names_the_disk(tmp_path: Path) -> None:
    with files_of_at_most(10_000), pytest.raises(RuntimeError) as failure:
        WholeCheckpoints().save_checkpoint({"weights": torch.zeros(10_000)}, tmp_path / "epoch0000.ckpt")
    assert isinstance(failure.value.__context__, OSError)  # `failures.reason` looks there
    assert list(tmp_path.iterdir()) == []
