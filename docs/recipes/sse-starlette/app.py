"""Streams of events: GET sends them, from Last-Event-ID on, and POST adds one."""

import asyncio
import os
from collections import defaultdict

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

KEY = os.environ["KEY"]
streams = defaultdict(list)
added = asyncio.Condition()


def authorized(request):
    return request.headers.get("authorization") == f"Bearer {KEY}"


async def add(request):
    if not authorized(request):
        return Response(status_code=401)
    streams[request.path_params["name"]].append((await request.body()).decode())
    async with added:
        added.notify_all()
    return Response(status_code=204)


async def stream(request):
    if not authorized(request):
        return Response(status_code=401)
    events = streams[request.path_params["name"]]

    async def after(last):
        while True:
            async with added:
                await added.wait_for(lambda: len(events) > last)
            while last < len(events):
                last += 1
                yield {"id": str(last), "data": events[last - 1]}

    return EventSourceResponse(after(int(request.headers.get("last-event-id", 0))))


app = Starlette(routes=[Route("/streams/{name}", add, methods=["POST"]), Route("/streams/{name}", stream)])
