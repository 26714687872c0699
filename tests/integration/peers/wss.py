"""A WebSocket over TLS as a test sees it, on one thread: the library's own blocking client reads and writes one TLS
connection from two threads, which Python's ssl does not bear (6 of 600 handshakes hung against a daemon that had answered)."""

import asyncio

import websockets.asyncio.client


class Wss:
    def __init__(self, address, context, headers):
        self.loop = asyncio.new_event_loop()
        self.address, self.settings = address, {"ssl": context, "additional_headers": headers, "max_size": None, "max_queue": None}

    def wait(self, awaitable, seconds):
        return self.loop.run_until_complete(asyncio.wait_for(awaitable, seconds))

    def __enter__(self):
        async def connect():
            return await websockets.asyncio.client.connect(self.address, **self.settings)
        self.socket = self.wait(connect(), 20)
        return self

    def __exit__(self, *_):
        try:
            self.wait(self.socket.close(), 20)
        finally:
            self.loop.close()

    def send(self, text):
        self.wait(self.socket.send(text), 20)

    def recv(self, timeout):
        return self.wait(self.socket.recv(), timeout)

    def ping(self, timeout):
        async def ping():
            await (await self.socket.ping())
        self.wait(ping(), timeout)
