"""What a Python processor is written with.

    from stream_ingestion import each_event

    @each_event
    def handler(event, context):
        print(event.stream_id, event.json())
"""

from .event import Event
from .handler import each_event
from .item import decode, events

__all__ = ["Event", "decode", "each_event", "events"]
