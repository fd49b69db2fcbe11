"""What scripts call, in an installation of their own; where nothing is said, nothing has prepared it."""

from __future__ import annotations

import gc
import json
import math
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

import manage
from tests.installation import Installation
from tests.prepared_home import prepared


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "home")


@pytest.fixture
def in_use(tmp_path: Path) -> Installation:
    """Make an installation in which somebody has done something before."""
    return prepared(tmp_path / "home")


def test_a_token_for_somebody_new_in_a_new_installation(installation: Installation) -> None:
    assert re.fullmatch(r"livetrain_[0-9a-f]{64}", installation.manage("apitoken", "ada"))


def test_garbage_is_collected_from_when_a_command_is_loaded() -> None:
    gc.disable()
    try:
        assert manage.Commands(["manage.py", "check"]).fetch_command("check").help
        assert gc.isenabled()
    finally:
        gc.enable()


def test_train_runs_without_a_server(installation: Installation, tmp_path: Path) -> None:
    config = {"experiment_name": "here", "source_path": "builtin:breast-cancer", "trainer": {"max_epochs": 2}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    printed = installation.manage("train", str(tmp_path / "config.json"))
    assert "Run 1 completed" in printed
    assert "final_auroc_cm 0.9" in printed
    assert (installation.home / "runs/1/predictions.parquet").is_file()


def test_train_runs_folds_one_after_the_other_and_shows_mean_and_spread(in_use: Installation, tmp_path: Path) -> None:
    config = {
        "experiment_name": "here",
        "source_path": "builtin:breast-cancer",
        "data": {"folds": 2},
        "trainer": {"max_epochs": 2},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    printed = in_use.manage("train", str(tmp_path / "config.json")).splitlines()
    assert [line.split(".")[0] for line in printed if line.startswith("Run ")] == ["Run 1 completed", "Run 2 completed"]
    text = "\n".join(printed)
    aurocs = [float(value) for value in re.findall(r"^val: .*final_auroc_cm (\S+)", text, re.MULTILINE)]
    table = text.partition("val, mean ± standard deviation over 2 of 2 folds:")[2]
    [(mean, deviation)] = re.findall(r"final_auroc_cm (\S+) ± (\S+)", table)
    assert float(mean) == pytest.approx(sum(aurocs) / 2, abs=1e-3)  # of three decimals, each rounded by itself
    assert float(deviation) == pytest.approx(abs(aurocs[0] - aurocs[1]) / math.sqrt(2), abs=1.3e-3)


def test_a_wrong_request_is_named_without_a_traceback(in_use: Installation, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"experiment_nam": "x"}')
    with pytest.raises(AssertionError, match="Did you mean 'experiment_name'") as failure:
        in_use.manage("train", str(tmp_path / "config.json"))
    assert "Traceback" not in str(failure.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", r"config\.json: Not JSON: .* at line 1, column 2"),
        ("[]", "JSON object"),
        ("[" * 5_000 + "]" * 5_000, "levels deep"),
        (r'{"experiment_name": "\ud800"}', "experiment_name: .*half of a character"),
        (
            json.dumps({str(number): 1 for number in range(20_000)}),
            r"(?s)\A(\S+:\n)(  [^\n]+\n){20}  and 19,982 more\Z",
        ),
    ],
)
def test_train_names_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CommandError, match=complaint):
        call_command("train", str(tmp_path / "config.json"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "http://x"),
        ("BROKER_URL", "kafka://x"),
        ("LIVETRAIN_LEASE_SECONDS", "-3"),
        ("LIVETRAIN_DATA_ROOTS", "relative"),
        ("LIVETRAIN_DEBUG", "maybe"),
        ("LIVETRAIN_UPLOAD_LIMIT_GIB", "0"),
        ("LIVETRAIN_METRICS_TOKEN", "short"),
        ("LIVETRAIN_LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_named_at_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(AssertionError, match=name):
        Installation(tmp_path, **{name: value}).manage("check")
