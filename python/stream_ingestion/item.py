"""Decodes items of the event table, as Lambda delivers them from the table's stream."""

import base64
from typing import Any, Iterator, Mapping, Optional

from . import bucket as deployment_bucket
from .event import Event
from .pack import is_pack, unpack

try:
    from compression import zstd
except ImportError:
    try:
        # Before Python 3.14. The deployment adds this package to the function.
        from backports import zstd
    except ImportError:
        zstd = None

#: Nothing larger is ever compressed: more comes from damaged data.
MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024

#: Attribute names of an item; runtime/contract.ts has the same.
DATA, TYPE, ID, SEQUENCE, RECEIVED_AT, ENCODING, POINTER = "d", "t", "i", "q", "r", "e", "p"


class EventInvalid(ValueError):
    """An item that cannot be decoded."""

    code = "EVENT_INVALID"
    retryable = False


def events(batch: Mapping[str, Any], bucket: Any = None) -> Iterator[Event]:
    """The new events of a batch, in the order of its records."""
    for record in batch.get("Records", []):
        yield from decode(record, bucket)


def decode(record: Mapping[str, Any], bucket: Any = None) -> list[Event]:
    """The events of a record: one, or those of a pack; none for a repeat (MODIFY) and an expiry (REMOVE).

    ``bucket`` reads data that is too large for an item: a function of an object's key. The default reads from the
    deployment's bucket. Raises ValueError for an item that is not of the event table, or cannot be decompressed.
    """
    if record.get("eventName") != "INSERT":
        return []
    bucket = bucket or deployment_bucket.read
    image = record.get("dynamodb", {}).get("NewImage", {})
    if "streamId" not in image or "key" not in image:
        raise EventInvalid(
            f"Expected record {record.get('eventID')} to hold an item of the event table, "
            f"got attributes {', '.join(image) or 'none'}"
        )
    # A stream id contains no "#"; the slice follows it.
    stream_id = image["streamId"]["S"].split("#", 1)[0]
    if is_pack(image):
        body = _decompress(image, base64.b64decode(image.get(DATA, {}).get("B", "")))
        parts = unpack(image, body, bucket(image[POINTER]["S"]) if POINTER in image else None)
    else:
        parts = [
            {
                "key": image["key"]["S"],
                "type": image.get(TYPE, {}).get("S", "message"),
                "id": image.get(ID, {}).get("S"),
                "bytes": _data(image, bucket),
                "received_at": int(image.get(RECEIVED_AT, {}).get("N", 0)),
                "sequence": image.get(SEQUENCE, {}).get("S", ""),
            }
        ]
    return [Event(stream_id=stream_id, binary=not _is_utf8(one["bytes"]), **one) for one in parts]


def _data(image: Mapping[str, Any], bucket: Any) -> bytes:
    if POINTER in image:
        return bucket(image[POINTER]["S"])
    value = image.get(DATA, {})
    if "B" not in value:
        return value.get("S", "").encode("utf-8")
    stored = base64.b64decode(value["B"])
    return _decompress(image, stored) if ENCODING in image else stored


def _decompress(image: Mapping[str, Any], stored: bytes) -> bytes:
    if zstd is None:
        raise RuntimeError("Compressed events need Python 3.14, or the package backports.zstd for this machine")
    try:
        decompressor = zstd.ZstdDecompressor()
        data = decompressor.decompress(stored, MAX_DECOMPRESSED_BYTES)
    except zstd.ZstdError as error:
        raise EventInvalid(f"Event {image['key']['S']} cannot be decompressed: {error}") from error
    if not decompressor.eof:
        raise EventInvalid(f"Event {image['key']['S']} is cut off, or larger than {MAX_DECOMPRESSED_BYTES} bytes")
    return data


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False
