"""Numbers read the same on the pages, in the admin and in a terminal: Python and the pages' scripts are compared."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from runs.statistics.metric_names import EPOCH_METRICS, FINAL_STATISTICS, TEST_METRICS
from runs.wording.difference_text import p_value, signed, signed_range
from runs.wording.epoch_number import epoch_number
from runs.wording.looks_text import OPTIMISTIC, looks_text, ordinal
from runs.wording.metric_text import SCORES, SHARES, metric_range, metric_value
from runs.wording.number_text import byte_size, duration, fixed, number, percent, percent_range, score
from runs.wording.patient_text import few_words, patient_words
from runs.wording.shift_text import prevalence_texts
from tests.node import exported, node

FORMAT = "realtime/static/realtime/frame/format.js"
METRICS = "realtime/static/realtime/frame/metric_text.js"
SIGNED = "realtime/static/realtime/frame/signed_text.js"

SHARES_OF_COUNTS = [hits / all_ for all_ in (1, 3, 7, 8, 16, 80, 160, 3000, 10_000) for hits in (0, 1, all_ // 2, all_)]
EDGES = [
    *(0.0, -0.0, 1.0, -1.0, 1e-13, 1 - 1e-13, 0.9999999999999998, 1.0000000000000002, 2999 / 3000, 1 / 3000),
    *(0.0005, 0.00049999, 0.9995, 0.99949999, 0.99999, -0.0004, -0.9999, -0.5, 0.0625, 0.1875, 0.28125, 0.5, 0.125),
    *(1.0005, 12.25, 0.00005, 0.00099999, 99.99995, 99.99994, 100.0, 123.456, 999.995, 999.996, 1000.05, 1234.56),
    *(99_999.94, 99_999.95, 100_000.0, 123_450_000.0, 9.9995e9, 1e-300, 1.7e308, -123.456, -1e-5, 0.00012345),
]
VALUES: list[float | None] = [None, math.nan, math.inf, *SHARES_OF_COUNTS, *EDGES]
SIZES: list[float | None] = [
    *(None, 0, 1, 2, 1023, 1024, 1536, 1587, 1024**2 - 1, 1024**2, 226_000_000, 1024**3 - 1, 1024**3, 1.25 * 1024**3),
    *(1024**4 - 1, 1024**4, 5e15),
]
SPANS: list[float | None] = [
    *(None, 0, 0.04, 0.05, 0.25, 9.94, 9.95, 9.99, 10, 59.4, 59.5, 60, 65, 3599.4, 3599.5, 3600, 7384, 172_799.5),
    *(172_800, 1e7),
]


def _in_the_browser(module: str, calls: list[list[Any]]) -> list[Any]:
    """Return what the functions of a script write: each call is a name and its arguments."""
    given = json.dumps([[name, *(_json(each) for each in rest)] for name, *rest in calls])
    script = (
        f"import('./{module}').then((found) => console.log(JSON.stringify(({given}).map(([name, ...rest]) =>"
        " found[name](...rest.map((each) => (each === 'NaN' || each === 'Infinity' ? Number(each) : each)))))))"
    )
    answer = node("--import", "./tests/javascript/setup.js", "--input-type=module", "-e", script)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def _json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity"
    return value


@pytest.mark.parametrize(
    ("name", "write", "values"),
    [
        ("number", number, VALUES),
        ("score", score, VALUES),
        ("percent", percent, [value for value in VALUES if value is None or not 1e20 < value < math.inf]),
        ("bytes", byte_size, SIZES),
        ("duration", duration, SPANS),
    ],
)
def test_both_languages_write_the_same(
    name: str, write: Callable[[float | None], str], values: list[float | None]
) -> None:
    here = [write(value) for value in values]
    assert dict(zip(map(repr, values), _in_the_browser(FORMAT, [[name, value] for value in values]), strict=True)) == (
        dict(zip(map(repr, values), here, strict=True))
    )


def test_both_languages_write_whole_percent_and_ranges_alike() -> None:
    whole = _in_the_browser(FORMAT, [["percent", value, 0] for value in VALUES])
    assert whole == [percent(value, 0) for value in VALUES]
    pairs = [(None, 1.0), (0.0, 1.0), (0.9995, 0.99999), (0.1, 0.2999), (0.00001, 1.0), (0.05, 0.05)]
    assert _in_the_browser(FORMAT, [["percentRange", *pair] for pair in pairs]) == [percent_range(*p) for p in pairs]


def test_both_languages_tell_shares_scores_counts_and_the_rest_by_their_names() -> None:
    assert exported(METRICS, "SHARES") == list(SHARES)
    assert exported(METRICS, "SCORES") == list(SCORES)
    names = [
        *(*EPOCH_METRICS, *TEST_METRICS, *FINAL_STATISTICS, "val_f1_score_macro", "val_cohen_kappa", "val_hinge_loss"),
        *("final_sensitivity/a class", "final_auroc_cm/b/c\nd", "val_accurate", "accuracy", "f1", "my_own_score"),
    ]
    calls: list[list[Any]] = [[f, name, *rest] for name in names for f, *rest in (("metricValue", 0.99996),)]
    assert _in_the_browser(METRICS, calls) == [metric_value(name, 0.99996) for name in names]
    calls = [["metricRange", name, 0.25, 0.99996] for name in names]
    assert _in_the_browser(METRICS, calls) == [metric_range(name, 0.25, 0.99996) for name in names]


def test_both_languages_write_differences_and_p_values_alike() -> None:
    small = [*(0.1, -0.0321, 0.0, 0.0001, -0.0001, 0.0004, -0.0005, 0.0625, -0.1875, 1.0, 1e-13, -1e-13), None]
    names = ("final_f1_cm", "final_auroc_cm", "final_log_loss", "sensitivity")
    pairs = [(name, value) for name in names for value in small]
    assert _in_the_browser(SIGNED, [["signed", *pair] for pair in pairs]) == [signed(*pair) for pair in pairs]
    ends = [(name, low, 0.5) for name, low in pairs]
    assert _in_the_browser(SIGNED, [["signedRange", *each] for each in ends]) == [signed_range(*each) for each in ends]
    p_values = [*(0.0, 0.0009, 0.001, 0.0494, 0.0499, 0.05, 0.0504, 0.9994, 0.9999, 1.0), None]
    assert _in_the_browser(SIGNED, [["pText", p] for p in p_values]) == [p_value(p) for p in p_values]


def test_a_difference_of_shares_is_in_points_and_5_percent_is_not_said_of_less() -> None:
    assert [signed("final_f1_cm", value) for value in (0.0625, -0.0321, 0.0001)] == [
        *("+6.3 points", "-3.2 points", "<0.1 points"),
    ]
    assert signed("final_auroc_cm", -0.0321) == "-0.032"
    assert signed_range("final_specificity", -0.25, 0.0001) == "-25.0 to <0.1"
    assert [p_value(p) for p in (0.0002, 0.0499, 0.0501, 1.0)] == ["<0.001", "<0.050", "0.050", "1.000"]


def test_all_and_none_are_said_of_all_and_none_alone() -> None:
    """2,999 of 3,000 are not all of them, and an AUROC of .9997 is not that of a perfect ranking."""
    assert [percent(share) for share in (1.0, 2999 / 3000, 0.5, 1 / 3000, 0.0)] == [
        *("100.0 %", ">99.9 %", "50.0 %", "<0.1 %", "0.0 %"),
    ]
    assert [percent(share, 0) for share in (1.0, 0.996, 0.004, 0.0)] == ["100 %", ">99 %", "<1 %", "0 %"]
    assert [score(value) for value in (1.0, 0.9997, 0.9694, 0.0003, 0.0, -0.0002, -0.9999, -1.0)] == [
        *("1.000", ">0.999", "0.969", "<0.001", "0.000", ">-0.001", "<-0.999", "-1.000"),
    ]
    assert percent_range(0.9995, 0.9999) == ">99.9 to >99.9 %"


def test_ties_go_away_from_zero() -> None:
    """By hand: 1/16 is 6.25 %, 3/16 is 18.75 %, which Python's format codes would make 6.2 and 18.8."""
    assert [percent(1 / 16), percent(3 / 16), fixed(0.5, 0), fixed(-2.5, 0)] == ["6.3 %", "18.8 %", "1", "-3"]


def test_memory_and_disk_have_units_of_1024() -> None:
    assert [byte_size(226_000_000), byte_size(1024**3), byte_size(1), byte_size(None)] == [
        "215.5 MiB",
        "1.0 GiB",
        "1 byte",
        "–",
    ]


def test_metrics_are_written_by_what_they_are() -> None:
    shown = {name: metric_value(name, 0.79449) for name in ("val_recall", "val_auroc", "val_loss", "final_mcc")}
    assert shown == {"val_recall": "79.4 %", "val_auroc": "0.794", "val_loss": "0.7945", "final_mcc": "0.794"}
    assert metric_value("val_cm_tp", 1234.0) == "1,234"
    assert metric_range("final_auroc_cm", 0.93611, 1.0) == "0.936 to 1.000"


def test_people_count_epochs_from_one() -> None:
    assert [epoch_number(0), epoch_number(9)] == [1, 10]
    assert _in_the_browser(FORMAT, [["epochNumber", 0], ["epochNumber", 9]]) == [1, 10]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"looks": 1, "runs": 1, "order": 1}, "once, by one run."),
        ({"looks": 2, "runs": 1, "order": 1}, "2 times, by one run; a run that is resumed after its result was seen"),
        ({"looks": 7, "runs": 7, "order": 3}, f"7 times, by 7 runs; this was the 3rd of them. {OPTIMISTIC}"),
        ({"looks": 1234, "runs": 1234}, f"1,234 times, by 1,234 runs. {OPTIMISTIC}"),
        ({"looks": 5, "runs": 5, "folds": 5}, f"5 times, by the 5 folds of one cross-validation. {OPTIMISTIC}"),
        ({"looks": 1, "runs": 1, "folds": 1}, "once, by one run."),
        (
            {"looks": 6, "runs": 5, "folds": 3, "order": 2},
            "6 times, by 5 runs, 3 of them folds of one cross-validation; ",
        ),
    ],
)
def test_looks_at_a_test_split_read_as_a_sentence(given: dict[str, Any], words: str) -> None:
    text = looks_text(**given)
    assert text.startswith(f"These test samples have been evaluated {words}")
    assert (OPTIMISTIC in text) == (given["looks"] > 1)


def test_a_run_that_looks_twice_by_external_tests_was_not_resumed() -> None:
    text = looks_text(3, 1, again="each external test of a run counts, a removed one too")
    assert text.startswith("These test samples have been evaluated 3 times, by one run; each external test of a run")


def test_a_difference_of_prevalence_that_is_not_known_is_not_called_chance() -> None:
    share = {"samples": 20, "own": 5, "value": 0.25, "ci_low": None, "ci_high": None}
    none = {"value": 0.15, "ci_low": None, "ci_high": None, "p": None, "p_holm": None}
    [text] = prevalence_texts([{"class": "ill", "external": share, "internal": share, "difference": none}], "test")
    assert text.endswith("Whether chance explains it is not known: one patient has all samples.")
    equal = none | {"value": 0.0, "ci_low": -0.1, "ci_high": 0.1}
    [text] = prevalence_texts([{"class": "ill", "external": share, "internal": share, "difference": equal}], "test")
    assert text.endswith("Not more than chance explains.")


def test_the_best_of_several_runs_is_told_that_it_is() -> None:
    text = looks_text(7, 7, order=3, best_of=6)
    assert text == (
        "These test samples have been evaluated 7 times, by 7 runs; this was the 3rd of them. "
        "Its test AUROC is the highest of 6 runs: as the best of several it is optimistic, "
        "as is any other number that a run was picked by."
    )


def test_places() -> None:
    numbers = (1, 2, 3, 4, 10, 11, 12, 13, 21, 101, 111, 112, 122)
    assert " ".join(map(ordinal, numbers)) == "1st 2nd 3rd 4th 10th 11th 12th 13th 21st 101st 111th 112th 122nd"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            (1, 0, 2),
            "1 patient counts once, with the mean of the scores of its samples, and is positive if any of them is. "
            "The run's own threshold decides, not a saved point.",
        ),
        ((1200, 2, 2), "of 1,200 patients counts once"),
        ((9, 2, 2), "is positive if any of them is (2 patients have samples of both classes)."),
        ((9, 1, 3), "of its samples; 1 patient with samples of several classes is left out."),
        ((9, 0, 3), "with the mean of the scores of its samples."),
    ],
)
def test_the_rule_of_patients_reads_as_a_sentence(given: tuple[int, int, int], words: str) -> None:
    assert words in patient_words(*given)


def test_few_of_a_class_are_told() -> None:
    many = [[20, 0], [5, 15]]
    assert few_words(many, None) == few_words([[30, 0], [0, 0]], None) == few_words([], None) == ""
    text = few_words(many, [[19, 2], [1, 0]])
    assert text == "Only 1 patient of a class: numbers that rest on that class have no interval, or a very wide one."
    assert few_words(many, [[19, 2], [1, 1]]).startswith(
        "Only 2 patients of a class: intervals of F1, balanced accuracy,"
    )
    assert few_words([[9, 3], [30, 2]], None).startswith("Only 12 samples of a class:")
