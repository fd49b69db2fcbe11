"""What the run list shows of the runs there are: networks, summaries of their metrics, and which columns there can be.

Reads every epoch's numbers once: some seconds for each million of them.
"""

import math

from django.db import migrations

from runs.summaries.sparklines import grown


def paths(config, prefix=""):
    for name, value in config.items():
        if isinstance(value, dict):
            yield from paths(value, f"{prefix}{name}.")
        elif len(prefix + name) <= 300:
            yield prefix + name


def summaries(MetricSummary, stored, run):
    rows = {}
    for name, epoch, value, context in stored:
        row = rows.get(name) if context == "epoch" else None
        row = rows[name] = row or MetricSummary(run_id=run["pk"], name=name)
        row.last, row.last_epoch = value, epoch
        if value is not None and math.isfinite(value):
            row.low = value if row.low is None else min(row.low, value)
            row.high = value if row.high is None else max(row.high, value)
        if name == run["monitor"]:
            row.curve = grown(row.curve, epoch, value)
    return list(rows.values())


def fill(apps, schema_editor):
    Run, RunMetric, MetricSummary, KnownColumn = (
        apps.get_model("runs", name) for name in ("Run", "RunMetric", "MetricSummary", "KnownColumn")
    )
    known = set()
    for pk in list(Run.objects.order_by("pk").values_list("pk", flat=True)):
        run = Run.objects.values("pk", "config", "model", "monitor").get(pk=pk)
        network = (run["model"] or {}).get("name") or run["config"].get("model", {}).get("name") or ""
        Run.objects.filter(pk=pk).update(model_name=network[:200])
        stored = RunMetric.objects.filter(run_id=pk, class_name="", client_id=None, round_id=None)
        stored = stored.order_by("context", "epoch", "id").values_list("metric_name", "epoch", "value", "context")
        rows = summaries(MetricSummary, stored.iterator(chunk_size=10_000), run)
        MetricSummary.objects.bulk_create(rows)
        known |= {("config", path) for path in paths(run["config"])} | {("metric", row.name) for row in rows}
    KnownColumn.objects.bulk_create(KnownColumn(kind=kind, name=name) for kind, name in sorted(known))


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0008_run_list'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
