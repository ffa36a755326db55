"""A Lambda handler for the event table's change stream."""

import functools
import json
import os
import random
import time
import traceback
from typing import Any, Callable, Mapping, Optional

from . import failure
from .event import Event
from .failure import Pending
from .item import SEQUENCE, decode
from .pack import is_pack

Handle = Callable[[Event, Any], Any]

BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 2.0
#: Reserved at the end of an invocation, to store failures and to answer. At most half of its time.
RESERVE_MS = 2_000
#: `eventSource` of redriven records. Their failures are returned in the response and not stored again.
REDRIVE_SOURCE = "stream-ingestion:redrive"


def each_event(handle: Optional[Handle] = None, *, retries: int = 2) -> Any:
    """Calls ``handle`` for each new event, the events of one stream in sequence.

    An event whose handler raises is retried ``retries`` times (0..10), each after a short backoff, and then stored in the
    failure bucket; the other events are not affected. An error with the attribute ``retryable = False`` is not retried.
    Lambda can deliver an event more than once, so the handler must be idempotent: use ``event.key``.
    """
    if isinstance(retries, bool) or not isinstance(retries, int) or not 0 <= retries <= 10:
        raise ValueError(f"Expected option `retries` to be an integer 0..10, got {retries!r}.")
    if handle is None:
        return functools.partial(each_event, retries=retries)

    @functools.wraps(handle)
    def handler(batch: Mapping[str, Any], context: Any) -> dict:
        return _process(batch, context, handle, retries)

    return handler


def _process(batch: Mapping[str, Any], context: Any, handle: Handle, retries: int) -> dict:
    pending = _pending(batch)
    remaining_ms = context.get_remaining_time_in_millis()
    reserve_ms = min(RESERVE_MS, remaining_ms / 2)
    usable_ms = remaining_ms - reserve_ms

    def left_ms() -> float:
        return context.get_remaining_time_in_millis() - reserve_ms

    #: By sequence number: the events of a pack have the same, and are delivered again together.
    failed: dict[str, dict] = {}
    unsettled = 0
    processed = failures = lag_ms = 0
    for one in pending:
        started_ms = left_ms()
        attempts, error, settled = _attempt(one, context, handle, retries, left_ms)
        if settled and error is None:
            processed += 1
            lag_ms = max(lag_ms, int(time.time() * 1000) - one.event.received_at)
            continue
        had_half_the_time = started_ms - left_ms() >= usable_ms / 2
        if error is None or not (settled or had_half_the_time):
            unsettled += 1
            failed.setdefault(_number(one), {"itemIdentifier": _number(one)})
            continue
        failures += 1
        reason = failure.reason(error)
        # The caller of a redrive keeps the failure object and needs the error.
        if _is_redrive(one) or not failure.store(one, reason, attempts):
            unsettled += 1
            # The error is for the caller of a redrive. Lambda documents no other member.
            why = {"error": reason} if _is_redrive(one) else {}
            failed.setdefault(_number(one), {"itemIdentifier": _number(one), **why})

    if pending:
        lag = {"ProcessorLag": lag_ms} if processed else {}
        _print_metrics({"EventsProcessed": processed, "ProcessorFailures": failures, **lag})
    if len(failed) > 1 and unsettled == len(pending) and not any(map(_is_redrive, pending)):
        # Lambda halves a batch only after an error, not after a response with item failures.
        raise TimeoutError(
            f"None of the {unsettled} events of the batch was settled. "
            "Increase `processor.timeoutSeconds` or reduce `processor.batchSize`."
        )
    return {"batchItemFailures": list(failed.values())}


def _attempt(
    one: Pending, context: Any, handle: Handle, retries: int, left_ms: Callable[[], float]
) -> tuple[int, Optional[Exception], bool]:
    """The number of attempts, the error of the last one, and whether the event is settled: time did not end before the last attempt."""
    attempts, error = 0, None
    while left_ms() > 0:
        attempts += 1
        try:
            if one.error:
                raise one.error
            one.event = one.event or decode(one.record)[0]
            handle(one.event, context)
            return attempts, None, True
        except Exception as raised:
            traceback.print_exc()
            error = raised
        if attempts > retries or getattr(error, "retryable", True) is False:
            return attempts, error, True
        # Cap first, then full jitter.
        backoff = min(MAX_BACKOFF_SECONDS, BACKOFF_SECONDS * 2 ** (attempts - 1)) * random.random()
        time.sleep(max(0, min(backoff, left_ms() / 1000)))
    return attempts, error, False


def _pending(batch: Mapping[str, Any]) -> list[Pending]:
    """The new events of a batch, by stream and in sequence within each."""
    streams: dict[str, list[Pending]] = {}
    for record in batch.get("Records", []):
        if record.get("eventName") == "INSERT":
            for one in _events_of(record):
                streams.setdefault(one.stream_id, []).append(one)
    return [one for events in streams.values() for one in sorted(events, key=lambda event: _order(event.sequence))]


def _events_of(record: Mapping[str, Any]) -> list[Pending]:
    change = record.get("dynamodb", {})
    image = change.get("NewImage") or change.get("Keys") or {}
    # A stream id contains no "#"; the slice follows it.
    stream_id = image.get("streamId", {}).get("S", "unknown").split("#", 1)[0]
    key = image.get("key", {}).get("S") or record.get("eventID", "unknown")
    whole = Pending(record, stream_id, key, image.get(SEQUENCE, {}).get("S", ""))
    if not is_pack(image):
        return [whole]
    try:
        return [Pending(record, stream_id, one.key, one.sequence, one, packed=True) for one in decode(record)]
    except Exception as error:
        # One failure, with the record, under the pack's key.
        whole.error = error
        return [whole]


def _order(sequence: str) -> tuple[int, ...]:
    return tuple(int(part) for part in sequence.split(".") if part.isdecimal())


def _number(one: Pending) -> str:
    return one.record.get("dynamodb", {}).get("SequenceNumber", "")


def _is_redrive(one: Pending) -> bool:
    return one.record.get("eventSource") == REDRIVE_SOURCE


def _print_metrics(values: Mapping[str, int]) -> None:
    """One line in CloudWatch's embedded metric format."""
    units = {"ProcessorLag": "Milliseconds"}
    metrics = [{"Name": name, "Unit": units.get(name, "Count")} for name in values]
    deployment = os.environ.get("STREAM_INGESTION_DEPLOYMENT") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "processor")
    names = {"Namespace": "StreamIngestion", "Dimensions": [["Deployment"]], "Metrics": metrics}
    aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [names]}
    print(json.dumps({"_aws": aws, "Deployment": deployment, **values}), flush=True)
