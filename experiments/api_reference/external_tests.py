"""The operations on external tests of runs."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.external_tests.asking import EvaluateBody
from experiments.shapes import external_test_shapes, model_job_shapes
from runs.api_reference.operation import NO_BODY, Content, Operation
from runs.shapes import result_shapes

TAG = "Models"
CSV = Content(media_type="text/csv", description="The table.", is_text=True)

OPERATIONS: Mapping[str, Operation] = {
    "POST run-evaluate": Operation(
        summary="Test a run's model on another data set",
        description="Queues a job, whose result names the external test. An equal unfinished job is returned instead "
        "of a second one. Questions that the data raise are in `questions`, as with a training.",
        body=EvaluateBody,
        answers={202: model_job_shapes.ModelJobSummary},
        refusals={409: "The run has no model that could be used; `detail` says why."},
    ),
    "GET run-external-tests": Operation(
        summary="List the external tests of a run",
        answers={200: external_test_shapes.ExternalTestList},
    ),
    "GET external-tests": Operation(
        summary="List the external tests of several runs",
        description="To be compared.",
        answers={200: external_test_shapes.ExternalTestsOfRuns},
    ),
    "GET external-test": Operation(
        summary="Read an external test",
        description="Statistics with intervals at the kept point and at one that was chosen on these data, the run's "
        "own test beside, and how the data differ.",
        answers={200: external_test_shapes.ExternalTestDetail},
    ),
    "DELETE external-test": Operation(
        summary="Remove an external test",
        description="With its predictions, for its owner and the admins of the project. That it was a look at the data "
        "stays counted.",
        answers={204: NO_BODY},
    ),
    "GET external-curves": Operation(
        summary="Read ROC, precision-recall and decision curve of an external test",
        answers={200: result_shapes.FinalCurves},
    ),
    "GET external-samples": Operation(
        summary="List the samples behind a cell of an external test's matrix",
        answers={200: result_shapes.CellPage},
    ),
    "GET external-samples-export": Operation(
        summary="Download the samples behind a cell of an external test",
        answers={200: CSV},
    ),
    "GET external-subgroups": Operation(
        summary="Tell an external test apart by groups of samples",
        description="Such as its sites; as JSON, or with `file=csv` as a table.",
        answers={200: (result_shapes.Subgroups, CSV)},
    ),
    "GET external-operating-points": Operation(
        summary="Read operating points on other data",
        answers={200: external_test_shapes.ExternalPoints},
    ),
    "GET external-predictions": Operation(
        summary="Download the predictions of an external test",
        description="The scores behind all of its numbers, in the columns of a run's predictions.parquet.",
        answers={200: Content(media_type="application/vnd.apache.parquet", description="The file.")},
    ),
}
