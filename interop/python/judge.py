"""The asyncio client of PyPI's `websockets`, with its defaults: permessage-deflate and pings of its own."""

import asyncio
import logging
import os
import signal
import ssl
import sys
import time
import traceback
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

MIB = 1 << 20
TEXT = "안녕하세요, 연어 여러분 🐟🏳️‍🌈 \uffff"
# The longest any check may take, in seconds.
DEADLINE = 20

failures = 0


class Pings(logging.Handler):
    """Counts the server's pings, of which the client only tells its log."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.seen = asyncio.Queue()

    def emit(self, record):
        if record.getMessage().startswith("< PING"):
            self.seen.put_nowait(record)


def client(url, **options):
    # A proxy that the environment names is no part of this.
    options = {"proxy": None, "max_size": 4 * MIB} | options
    if url.startswith("wss:"):
        options["ssl"] = ssl.create_default_context(cafile=os.environ["INTEROP_CERT"])
    return connect(url, **options)


async def check(sentence, run):
    global failures
    started = time.monotonic()
    try:
        await asyncio.wait_for(run(), DEADLINE)
        print(f"  ok      {sentence} ({(time.monotonic() - started) * 1000:.0f} ms)", flush=True)
    except Exception:
        failures += 1
        print(f"  FAILED  {sentence}\n{traceback.format_exc()}", flush=True)


async def code_of_end(socket):
    """Reads to the end, and returns the code that the server closed with."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd is not None, "the server ended without a close"
        return closed.rcvd.code


async def judge(base):
    async def text():
        async with client(f"{base}/echo") as socket:
            for text in (TEXT, "", "x" * 70_000):
                await socket.send(text)
                assert await socket.recv() == text

    async def binary():
        async with client(f"{base}/echo", compression=None) as socket:
            data = os.urandom(MIB)
            await socket.send(data)
            assert await socket.recv() == data
            await socket.send(bytes(MIB + 1))
            assert await code_of_end(socket) == 1009

    async def fragments():
        async with client(f"{base}/echo") as socket:
            await socket.send(["안녕", "하세", "요"])
            assert await socket.recv() == "안녕하세요"

    async def ping():
        async with client(f"{base}/echo", ping_interval=0.05) as socket:
            assert await (await socket.ping("마음")) > 0
            # The client's own keepalive measures, too.
            while socket.latency == 0:
                await asyncio.wait_for(await socket.ping(), DEADLINE)

    async def pings():
        pings = Pings()
        logger = logging.Logger("judge", logging.DEBUG)
        logger.addHandler(pings)
        async with client(f"{base}/echo", logger=logger) as socket:
            await pings.seen.get()
            await pings.seen.get()
            await socket.send("still here")
            assert await socket.recv() == "still here"

    async def close():
        socket = await client(f"{base}/echo")
        await socket.close(4001, "moved on")
        assert socket.close_code == 4001, socket.close_code

    async def deflate():
        async with client(f"{base}/echo") as socket:
            answer = socket.response.headers["Sec-WebSocket-Extensions"]
            assert answer.startswith("permessage-deflate"), answer
            text = "연어 " * 100_000
            await socket.send(text)
            assert await socket.recv() == text

    async def subprotocol():
        async with client(f"{base}/echo", subprotocols=["carrier-pigeon"]) as socket:
            assert socket.subprotocol is None, socket.subprotocol

    async def origin():
        try:
            await client(f"{base}/say", origin="https://elsewhere.example")
        except InvalidStatus as refused:
            assert refused.response.status_code == 403, refused
        else:
            raise AssertionError("it was let in")

    async def room():
        async with client(f"{base}/say") as one, client(f"{base}/say") as two:
            # Who has its 101 may not be among those who hear yet: who hears itself is.
            for socket, name in ((one, "one is here"), (two, "two is here")):
                await socket.send(name)
                while await socket.recv() != name:
                    pass
            while await one.recv() != "two is here":
                pass
            said = [f"{n}: {TEXT}" for n in range(50)]
            for text in said:
                await one.send(text)
            for socket in (one, two):
                assert [await socket.recv() for _ in said] == said

    scheme = urlsplit(base).scheme
    for sentence, run in {
        "Korean, emoji and the last character of the BMP come back": text,
        "1 MiB of binary comes back, one byte more is refused with 1009": binary,
        "a message in fragments comes back whole": fragments,
        "pings are answered with what they carried": ping,
        "a client that answers the server's pings stays": pings,
        "a close of the application's own is answered with its code": close,
        "permessage-deflate is agreed on by default, and used": deflate,
        "a subprotocol that nobody speaks is not agreed on": subprotocol,
        "a page of another origin is refused with 403": origin,
        "what one says all hear, in order": room,
    }.items():
        await check(f"websockets, {scheme}: {sentence}", run)


async def main():
    bases = [base for base in (os.environ["INTEROP_WS"], os.environ["INTEROP_WSS"]) if base]
    for base in bases:
        await judge(base)

    async def stop():
        sockets = [await client(f"{base}/say") for base in bases]
        for server in os.environ["INTEROP_SERVERS"].split():
            os.kill(int(server), signal.SIGTERM)
        for socket in sockets:
            assert await code_of_end(socket) == 1001

    await check("websockets: a server that is stopped says 1001", stop)


asyncio.run(main())
print(f"  {failures} FAILED" if failures else "  all passed")
sys.exit(failures > 0)
