"""An S3 server of the tests' own, reached over real HTTP; what it holds survives its being down."""

from __future__ import annotations

import logging
from typing import Any

import boto3
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from tests.servers import free_port

BUCKET = "x-rays"
PREFIX = "team/livetrain"
KEYS = {
    "AWS_ACCESS_KEY_ID": "the-key-id",
    "AWS_SECRET_ACCESS_KEY": "the-secret-hunter2",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class ObjectStore:
    """Stopped until `start`; `stop` and `start` as often as you like, at the same address."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._port = free_port()
        self._server: ThreadedMotoServer | None = None
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def empty(self) -> None:
        """Empty the server, so that the next test makes its own bucket."""
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()

    @property
    def client(self) -> Any:
        """A client that is not ours."""
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            aws_access_key_id="other",
            aws_secret_access_key="other",
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def objects(self) -> dict[str, bytes]:
        """Return all that is below the prefix, by key without it; fail if something lies elsewhere."""
        client, found = self.client, {}
        for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            assert entry["Key"].startswith(f"{PREFIX}/"), entry["Key"]
            body = client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"]
            found[entry["Key"].removeprefix(f"{PREFIX}/")] = body.read()
        return found

    def overwrite(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{key}", Body=content)

    @property
    def storages(self) -> dict[str, Any]:
        """What the setting STORAGES has for it, as `project.settings` makes it."""
        options = {
            "bucket_name": BUCKET,
            "location": PREFIX,
            "endpoint_url": self.address,
            "addressing_style": "path",
        }
        return {"runs": {"BACKEND": "runs.files.bucket.Bucket", "OPTIONS": options}}
