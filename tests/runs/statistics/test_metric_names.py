"""The server's list of metric names (which imports no numpy) is the one that the statistics use."""

from runs.statistics import matrix_statistics, metric_names, score_statistics


def test_names_are_the_statistics_own() -> None:
    evaluation = ["loss", *score_statistics.EVALUATION_METRICS, *metric_names.COUNTS]
    train = [f"train_{name}" for name in ("loss", *score_statistics.TRAIN_METRICS)]
    epoch = [*train, *(f"val_{name}" for name in evaluation), "learning_rate"]
    assert sorted(metric_names.EPOCH_METRICS) == sorted(epoch)
    assert sorted(metric_names.TEST_METRICS) == sorted(f"test_{name}" for name in evaluation)
    assert set(metric_names.FINAL_STATISTICS) == set(matrix_statistics.FINAL_METRICS)


def test_the_direction_of_each_name() -> None:
    names = [*metric_names.EPOCH_METRICS, *metric_names.TEST_METRICS, *metric_names.FINAL_STATISTICS]
    assert {name for name in names if metric_names.lower_is_better(name)} == {
        "train_loss",
        "val_loss",
        "test_loss",
        "final_brier",
        "final_brier_miscalibration",
        "final_log_loss",
        "final_ece",
    }
    added = ["val_hamming_distance", "test_calibration_error_l2", "val_eer", "val_hinge_loss_b", "val_my_loss"]
    assert all(map(metric_names.lower_is_better, added))
    assert not any(map(metric_names.lower_is_better, ["val_cohen_kappa", "val_career", "learning_rate"]))


def test_added_metrics_are_told_from_those_of_every_run() -> None:
    assert not any(map(metric_names.is_added, [*metric_names.EPOCH_METRICS, *metric_names.TEST_METRICS, "final_mcc"]))
    assert all(map(metric_names.is_added, ["val_cohen_kappa", "test_cohen_kappa", "val_auroc_partial"]))


def test_counts_are_told_from_other_metrics() -> None:
    counts = {name for name in metric_names.EPOCH_METRICS if metric_names.is_count(name)}
    assert counts == {f"val_{name}" for name in metric_names.COUNTS}
