"""The server's list of metric names (which imports no numpy) is the one that the statistics use."""

from runs.statistics import matrix_statistics, metric_names, score_statistics


def test_names_are_the_statistics_own() -> None:
    evaluation = ["loss", *score_statistics.EVALUATION_METRICS, *metric_names.COUNTS]
    train = [f"train_{name}" for name in ("loss", *score_statistics.TRAIN_METRICS)]
    epoch = [*train, *(f"val_{name}" for name in evaluation), "learning_rate"]
    assert sorted(metric_names.EPOCH_METRICS) == sorted(epoch)
    assert sorted(metric_names.TEST_METRICS) == sorted(f"test_{name}" for name in evaluation)
    assert set(metric_names.FINAL_STATISTICS) == set(matrix_statistics.FINAL_METRICS)


def test_counts_are_told_from_other_metrics() -> None:
    counts = {name for name in metric_names.EPOCH_METRICS if metric_names.is_count(name)}
    assert counts == {f"val_{name}" for name in metric_names.COUNTS}
