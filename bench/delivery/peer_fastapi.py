"""The peer: the chat and broadcast half of the contract as a FastAPI application, with canned text and no events."""

from __future__ import annotations

import asyncio
import time

import orjson
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from starlette.responses import Response

CHUNKS = 20
app = FastAPI()
clients: set[WebSocket] = set()


def frame(**fields) -> str:
    return orjson.dumps(fields).decode()


@app.post("/internal/broadcast")
async def broadcast(request: Request) -> Response:
    """Sends the request's JSON body, as it is, to every client."""
    body = await request.body()
    orjson.loads(body)
    text = body.decode()
    await asyncio.gather(*(client.send_text(text) for client in list(clients)), return_exceptions=True)
    return Response(b'{"success":true}', media_type="application/json")


@app.websocket("/ws/chat/{session_id}")
async def chat(ws: WebSocket, session_id: str) -> None:
    await ws.accept()
    await ws.send_text(frame(type="connection_ready", session_id=session_id))
    clients.add(ws)
    try:
        while True:
            if orjson.loads(await ws.receive_text()).get("type") != "message":
                continue
            started = time.perf_counter()
            await ws.send_text(frame(type="stream_start", agent="router", session_id=session_id))
            for index in range(CHUNKS):
                await ws.send_text(frame(type="text", index=index, content="the revenue grew by 4.2 % "))
            took = (time.perf_counter() - started) * 1e3
            await ws.send_text(frame(type="complete", session_id=session_id, execution_time_ms=took))
    except WebSocketDisconnect:
        pass
    finally:
        clients.discard(ws)
