"""The rows that no peer has: what was before and the target are the yardstick."""

from __future__ import annotations

from benchmarks.peers.rows import MANY, MANY_FULL, SHARED, Row

TRAINING = "livetrain_training"
_ROUNDS, _MORE_ROUNDS = {"rounds": 3}, {"rounds": 15}

OWN = (
    Row(
        "100,000 runs, sorted by an option", "newest_runs", "ms", MANY, MANY_FULL,
        figure="sorted_by_option", alone=True, before=587, target=50,
    ),
    Row(
        "100,000 runs, choices of the filters", "newest_runs", "ms", MANY, MANY_FULL,
        figure="facets", alone=True, before=178, target=50,
    ),
    Row(
        "100,000 runs, choices of the filters with a search", "newest_runs", "ms", MANY, MANY_FULL,
        figure="facets_searched", alone=True, before=679, target=50,
    ),
    Row(
        "100,000 runs, grouped by owner", "newest_runs", "ms", MANY, MANY_FULL,
        figure="grouped", alone=True, before=613, target=50,
    ),
    Row(
        "100,000 runs, figures for Prometheus", "newest_runs", "ms", MANY, MANY_FULL,
        figure="prometheus", alone=True, before=446, target=50,
    ),
    Row(
        "all 100,000 points of a curve, as JSON", "history", "ms", {"points": 100_000, "times": 5},
        {"points": 100_000, "times": 20}, figure="json", alone=True,
        given_up="numbers of 32 bits are sent as the shortest text that gives them back",
    ),
    Row(
        "the first start of a server, with its migrations", "idle_server", "s", {}, {},
        figure="first", alone=True,
    ),
    Row(
        "training of a small MLP, CPU: told / silent, its process", "telemetry", "ratio", _ROUNDS, _MORE_ROUNDS,
        alone=True, driver=TRAINING, before=1.04, target=1.01,
        given_up="CPU time of the whole training, all callbacks; silent: nobody listens",
    ),
    Row(
        "the same with what the worker stores of it", "telemetry", "ratio", _ROUNDS, _MORE_ROUNDS,
        figure="stored", alone=True, driver=TRAINING, before=1.19, target=1.05,
    ),
    Row(
        "our collecting / torchmetrics with `self.log`, CPU", "telemetry", "ratio", _ROUNDS, _MORE_ROUNDS,
        figure="collecting", alone=True, driver=TRAINING, before=0.5, target=0.4,
    ),
    Row(
        "training on a table / plain PyTorch, CPU", "plain_table", "ratio", _ROUNDS, _MORE_ROUNDS,
        alone=True, driver=TRAINING, before=3.1, target=1.5,
        given_up="plain: batches indexed in tensors, nothing reported, no checkpoint; ours has callbacks, metrics and "
        "checkpoints",
    ),
    Row(
        "training on images / plain PyTorch, CPU", "plain_images", "ratio", {"rounds": 1}, _MORE_ROUNDS,
        alone=True, driver=TRAINING, before=1.1, target=0.9,
    ),
    Row(
        "digits: from the request to the end / bare Lightning script", "digits", "ratio", _ROUNDS, _MORE_ROUNDS,
        alone=True, driver=TRAINING, before=0.53, target=0.45,
        given_up="on the clock; the server runs and has trained before, the script starts Python; network, epochs and "
        "numbers are the same",
    ),
    Row(
        "from the request to the first batch, server warm", "digits", "s", _ROUNDS, _MORE_ROUNDS,
        figure="first_batch", alone=True, driver=TRAINING, before=0.61, target=0.35,
    ),
    Row(
        "numbers of 1,000,000 predictions / scikit-learn, 2 classes", "statistics_of_predictions", "ratio",
        {"classes": 2, "rounds": 3}, {"classes": 2, "rounds": 9},
        alone=True, driver=TRAINING, before=0.26, target=0.2,
        given_up="CPU; accuracy, precision, recall, F1, AUROC and the matrix by scikit-learn's functions for them",
    ),
    Row(
        "numbers of 1,000,000 predictions / scikit-learn, 10 classes", "statistics_of_predictions", "ratio",
        {"classes": 10, "rounds": 1}, {"classes": 10, "rounds": 5},
        alone=True, driver=TRAINING, before=0.65, target=0.3,
    ),
)  # fmt: skip

ROWS = (*SHARED, *OWN)
