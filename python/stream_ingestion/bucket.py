"""The deployment's bucket: data too large for an item, and failed events."""

import os
from typing import Any

_bucket: Any = None


def read(key: str) -> bytes:
    return _opened().Object(key).get()["Body"].read()


def write(key: str, body: bytes) -> None:
    _opened().Object(key).put(Body=body)


def _opened() -> Any:
    global _bucket
    if _bucket is None:
        # Lambda's runtime contains it. Imported here, because most invocations need no object.
        import boto3

        _bucket = boto3.resource("s3").Bucket(os.environ["STREAM_INGESTION_BUCKET"])
    return _bucket
