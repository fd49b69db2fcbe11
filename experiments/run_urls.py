"""The addresses of the API that act on runs."""

from django.urls import path

from experiments.api import bulk_actions, run_actions
from experiments.api.described_run import DescribedRun
from experiments.api.final_pictures import FinalPicture, FinalPictures
from experiments.api.flipped_pictures import FlippedPictures
from experiments.api.operating_point import SavedOperatingPoint, WithdrawOperatingPoint

urlpatterns = [
    path("bulk/", bulk_actions.Bulk.as_view(), name="run-bulk"),
    path("tags/", bulk_actions.Tags.as_view(), name="run-tags"),
    path("<int:run_id>/", DescribedRun.as_view(), name="run-detail"),
    path("differences/samples/pictures/", FlippedPictures.as_view(), name="run-flipped-pictures"),
    path("<int:run_id>/cancel/", run_actions.Cancel.as_view(), name="run-cancel"),
    path("<int:run_id>/finish/", run_actions.Finish.as_view(), name="run-finish"),
    path("<int:run_id>/kill/", run_actions.Kill.as_view(), name="run-kill"),
    path("<int:run_id>/move/", run_actions.Move.as_view(), name="run-move"),
    path("<int:run_id>/priority/", run_actions.Priority.as_view(), name="run-priority"),
    path("<int:run_id>/resume/", run_actions.Resume.as_view(), name="run-resume"),
    path("<int:run_id>/retry/", run_actions.Retry.as_view(), name="run-retry"),
    path("<int:run_id>/clone/", run_actions.Clone.as_view(), name="run-clone"),
    path("<int:run_id>/delete/", run_actions.Delete.as_view(), name="run-delete"),
    path("<int:run_id>/restore/", run_actions.Restore.as_view(), name="run-restore"),
    path("<int:run_id>/operating-point/", SavedOperatingPoint.as_view(), name="run-operating-point"),
    path(
        "<int:run_id>/operating-point/withdraw/",
        WithdrawOperatingPoint.as_view(),
        name="run-withdraw-operating-point",
    ),
    path("<int:run_id>/final-samples/<int:place>/picture/", FinalPicture.as_view(), name="run-final-picture"),
    path("<int:run_id>/final-samples/pictures/", FinalPictures.as_view(), name="run-final-pictures"),
]
