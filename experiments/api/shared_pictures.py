"""Pictures of samples behind a share link that shows them: the same ones, below the link's own address."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api.final_pictures import FinalPictures


class SharedPictures(FinalPictures):
    """Small pictures of a page of samples by their ids, or the rows of a table."""

    def get(self, request: Request, run_id: int) -> Response:
        """Show the samples; a picture that has an address of its own has it below that of the link."""
        answer = super().get(request, run_id)
        start, own = f"/api/runs/{run_id}/", request.path.removesuffix("final-samples/pictures/")
        images: dict[str, str] = answer.data["images"]
        answer.data["images"] = {
            sample: address.replace(start, own, 1) if address.startswith(start) else address
            for sample, address in images.items()
            if address.startswith((start, "data:"))  # a data set's own addresses need an account
        }
        return answer
