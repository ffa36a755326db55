"""Decodes packs: items with many events of one connection. runtime/data/pack.ts describes the format."""

import base64
import hashlib
import json
from typing import Any, Iterator, Mapping, Optional

#: Attribute names; runtime/contract.ts has the same.
COUNT, RECEIVED_AT = "n", "r"

HEADER_LENGTH_BYTES = 4


def is_pack(image: Mapping[str, Any]) -> bool:
    return COUNT in image


def unpack(image: Mapping[str, Any], body: bytes, stored: Optional[bytes]) -> Iterator[dict]:
    """The fields of each event, in order. ``stored`` is the data of a single event that is in the bucket."""
    _, generation, connection, counter, _ = image["key"]["S"].split("#")
    header_end = HEADER_LENGTH_BYTES + int.from_bytes(body[:HEADER_LENGTH_BYTES], "big")
    header = json.loads(body[HEADER_LENGTH_BYTES:header_end])
    data = body[header_end:] if stored is None else stored
    lengths = header["b"]
    if len(lengths) != int(image[COUNT]["N"]) or sum(lengths) != len(data):
        raise ValueError(f"Pack {image['key']['S']} is incomplete: {len(lengths)} events and {len(data)} bytes")
    number, received_at, current_id, start = int(counter), int(image[RECEIVED_AT]["N"]), "", 0
    for index, length in enumerate(lengths):
        number += header["c"][index] if "c" in header else int(index > 0)
        received_at += header["r"][index] if "r" in header else 0
        new_id = header["i"][index] if "i" in header else 0
        current_id = current_id if new_id == 0 else new_id
        event_type = (header["t"][index] if "t" in header else "") or "message"
        event_bytes = data[start : start + length]
        start += length
        yield {
            "key": header["k"][index] if "k" in header else _content_key(event_bytes, event_type),
            "type": event_type,
            "id": current_id or None,
            "bytes": event_bytes,
            "received_at": received_at,
            "sequence": f"{int(generation)}.{int(connection)}.{number}",
        }


def _content_key(data: bytes, event_type: str) -> str:
    """128 bits of the SHA-256 of data and type, base64url."""
    suffix = "\n" if event_type == "message" else f"\n{event_type}"
    digest = hashlib.sha256(data + suffix.encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
