"""Failed events, in the format that `stream-ingestion failures` reads; runtime/processor/failure.ts has the same."""

import base64
import json
import time
import traceback
from dataclasses import dataclass
from typing import Any, Mapping, Optional
from urllib.parse import quote

from . import bucket
from .event import Event
from .item import POINTER

#: Limit for error messages, because some libraries include whole documents.
MAX_MESSAGE_LENGTH = 2_000
#: Frames of the stack that are kept: the innermost.
MAX_FRAMES = 20
TRIES = 3


@dataclass
class Pending:
    """A new event of a batch."""

    record: Mapping[str, Any]
    stream_id: str
    key: str
    sequence: str
    #: None = not yet decoded.
    event: Optional[Event] = None
    #: Whether the record is a pack, where several events can have the same key.
    packed: bool = False
    #: Why the record cannot be decoded.
    error: Optional[Exception] = None


def reason(error: BaseException) -> dict:
    """Code, message and stack of an error."""
    code = getattr(error, "code", None)
    frames = traceback.format_tb(error.__traceback__)[-MAX_FRAMES:]
    return {
        "code": code if isinstance(code, str) else type(error).__name__,
        "message": str(error)[:MAX_MESSAGE_LENGTH],
        "stack": "".join(frames).rstrip("\n"),
    }


def store(pending: Pending, error: dict, attempts: int) -> bool:
    """Writes one object per event, with its payload. False if that fails: Lambda must deliver the event again."""
    body = {
        "v": 1,
        "streamId": pending.stream_id,
        "key": pending.key,
        **_payload(pending),
        "error": error,
        "attempts": attempts,
        "at": int(time.time() * 1000),
    }
    name = f"{pending.key}@{pending.sequence}" if pending.packed else pending.key
    for tries in range(1, TRIES + 1):
        try:
            bucket.write(f"failures/{_encoded(pending.stream_id)}/{_encoded(name)}.json", json.dumps(body).encode())
            return True
        except Exception:
            if tries == TRIES:
                traceback.print_exc()
    return False


def _payload(pending: Pending) -> dict:
    event = pending.event
    if event is None:
        return {"record": pending.record}
    if event.binary:
        data = {"data": base64.b64encode(event.bytes).decode(), "encoding": "base64"}
    else:
        data = {"data": event.data}
    pointer = pending.record["dynamodb"]["NewImage"].get(POINTER, {}).get("S")
    fields = {
        "type": event.type,
        "id": event.id,
        **data,
        "receivedAt": event.received_at,
        "sequence": event.sequence,
        "pointer": pointer,
        "packed": pending.packed or None,
    }
    return {"event": {name: value for name, value in fields.items() if value is not None}}


def _encoded(text: str) -> str:
    """As encodeURIComponent does."""
    return quote(text, safe="!~*'()")
