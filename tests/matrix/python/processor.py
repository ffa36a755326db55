"""Returns what it decodes, or what `each_event` answers."""

import base64

import stream_ingestion.bucket
from stream_ingestion import each_event, events

OBJECTS = {"oversize/large": b"from the bucket"}


class Bucket:
    """In memory. `refuses` = every write fails."""

    def __init__(self, refuses=False):
        self.refuses = refuses
        self.objects = {}

    def Object(self, key):
        return Object(self, key)


class Object:
    def __init__(self, bucket, key):
        self.bucket, self.key = bucket, key

    def put(self, Body):
        if self.bucket.refuses:
            raise OSError("no bucket")
        self.bucket.objects[self.key] = Body.decode()


class Clock:
    """A context whose time ends after some questions for it."""

    def __init__(self, times):
        self.times = list(times)

    def get_remaining_time_in_millis(self):
        return self.times.pop(0) if self.times else 0


class Final(Exception):
    code = "NO_SUCH_PRICE"
    retryable = False


handled = []


@each_event(retries=1)
def handle(event, context):
    handled.append(event.data)
    if event.data == "fails":
        raise RuntimeError("it fails")
    if event.data == "fails once" and handled.count(event.data) == 1:
        raise RuntimeError("once")
    if event.data == "final":
        raise Final("there is no price")


def handler(batch, context):
    if "each" in batch:
        return each(batch, context, **batch["each"])
    return [
        {
            "streamId": event.stream_id,
            "key": event.key,
            "type": event.type,
            "id": event.id,
            "base64": base64.b64encode(event.bytes).decode(),
            "text": None if event.binary else event.data,
            "receivedAt": event.received_at,
            "sequence": event.sequence,
        }
        for event in events(batch, OBJECTS.get)
    ]


def each(batch, context, refuses=False, times=None):
    handled.clear()
    stream_ingestion.bucket._bucket = bucket = Bucket(refuses)
    try:
        answer = handle(batch, context if times is None else Clock(times))
    except TimeoutError as error:
        answer = str(error)
    return {"answer": answer, "handled": handled, "objects": bucket.objects}
