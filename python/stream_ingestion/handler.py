"""A Lambda handler for the event table's change stream."""

import functools
import traceback
from typing import Any, Callable, Mapping

from .event import Event
from .item import decode


def each_event(handle: Callable[[Event, Any], Any]) -> Callable[[Mapping[str, Any], Any], dict]:
    """Calls ``handle`` for each new event, the events of one stream in sequence.

    The first event that raises ends the batch: Lambda delivers it again with what was not handled, up to 5 times, and then
    puts the records into the failure bucket. So ``handle`` may see an event more than once: ``event.key`` is the same.
    """

    @functools.wraps(handle)
    def handler(batch: Mapping[str, Any], context: Any) -> dict:
        pending, failed = _decoded(batch)
        for index, (_, event) in enumerate(pending):
            try:
                handle(event, context)
            except Exception:
                traceback.print_exc()
                # A pack has one number for all its events, and is delivered again as a whole.
                failed += dict.fromkeys(number for number, _ in pending[index:])
                break
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    return handler


def _decoded(batch: Mapping[str, Any]) -> tuple[list[tuple[str, Event]], list[str]]:
    """Sequence numbers with their events, each stream's in sequence; and the numbers of what cannot be decoded."""
    streams: dict[str, list[tuple[str, Event]]] = {}
    failed = []
    for record in batch.get("Records", []):
        number = record.get("dynamodb", {}).get("SequenceNumber", "")
        try:
            decoded = decode(record)
        except Exception:
            traceback.print_exc()
            failed.append(number)
            continue
        for event in decoded:
            streams.setdefault(event.stream_id, []).append((number, event))
    for events in streams.values():
        events.sort(key=lambda pair: _order(pair[1].sequence))
    return [pair for events in streams.values() for pair in events], failed


def _order(sequence: str) -> tuple[int, ...]:
    return tuple(int(part) for part in sequence.split(".") if part.isdecimal())
