"""One event of an upstream, as it was stored."""

import json
from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Event:
    stream_id: str
    #: Names this event: equal events have equal keys. The idempotency key of what a handler does with it.
    key: str
    #: SSE event type; "message" where the upstream named none, and for lines.
    type: str
    #: The upstream's id (SSE ``id``), where it sent one.
    id: Optional[str]
    #: The event's bytes, as received.
    bytes: bytes
    #: True where ``bytes`` are not valid UTF-8: read ``bytes`` then, not ``data``.
    binary: bool
    #: Epoch milliseconds at which the relay decoded it.
    received_at: int
    #: ``generation.connection.counter``: orders the events of one connection.
    sequence: str

    @property
    def data(self) -> str:
        """The event's text. Bytes that are not valid UTF-8 read as U+FFFD."""
        return self.bytes.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The data parsed as JSON. Raises ValueError where it is not JSON."""
        if self.binary:
            raise ValueError(
                f'Expected event {self.key} of stream "{self.stream_id}" to be JSON, '
                "got bytes that are not UTF-8; event.bytes has them"
            )
        return json.loads(self.bytes)
