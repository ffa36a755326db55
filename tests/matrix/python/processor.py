"""Returns what it decodes."""

import base64

from stream_ingestion import each_event, events

OBJECTS = {"oversize/large": b"from the bucket"}


@each_event
def failing(event, context):
    if event.data == "fails":
        raise RuntimeError("it fails")


def handler(batch, context):
    if batch.get("fail"):
        return failing(batch, context)
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
