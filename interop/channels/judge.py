"""The Centrifuge SDK of PyPI, with both of its codecs, against the server at INTEROP_HOST."""

import asyncio
import json
import os
import sys
import time
import traceback

import jwt
from centrifuge import (
    Client,
    ClientEventHandler,
    DeltaType,
    ReplyError,
    SubscriptionEventHandler,
)

HOST = os.environ["INTEROP_HOST"]
# The longest any check may take, in seconds.
DEADLINE = 20

failures = 0


async def check(sentence, run):
    global failures
    started = time.monotonic()
    try:
        await asyncio.wait_for(run(), DEADLINE)
        print(f"  ok      {sentence} ({(time.monotonic() - started) * 1000:.0f} ms)", flush=True)
    except Exception:
        failures += 1
        print(f"  FAILED  {sentence}\n{traceback.format_exc()}", flush=True)


def token(**claims):
    return jwt.encode(claims, "secret", algorithm="HS256")


class Events(ClientEventHandler):
    def __init__(self):
        self.connected = asyncio.Queue()
        self.disconnected = asyncio.Queue()

    async def on_connected(self, ctx):
        self.connected.put_nowait(ctx)

    async def on_disconnected(self, ctx):
        self.disconnected.put_nowait(ctx)


class Heard(SubscriptionEventHandler):
    def __init__(self):
        self.subscribed = asyncio.Queue()
        self.unsubscribed = asyncio.Queue()
        self.publications = asyncio.Queue()
        self.joins = asyncio.Queue()
        self.leaves = asyncio.Queue()

    async def on_subscribed(self, ctx):
        self.subscribed.put_nowait(ctx)

    async def on_unsubscribed(self, ctx):
        self.unsubscribed.put_nowait(ctx)

    async def on_publication(self, ctx):
        self.publications.put_nowait(ctx.pub)

    async def on_join(self, ctx):
        self.joins.put_nowait(ctx.info)

    async def on_leave(self, ctx):
        self.leaves.put_nowait(ctx.info)


class Codec:
    """What differs between JSON, whose payloads are values, and Protobuf, whose payloads are bytes."""

    def __init__(self, name):
        self.name = name
        self.clients = []

    def payload(self, value):
        return value if self.name == "JSON" else json.dumps(value).encode()

    def value(self, payload):
        return payload if self.name == "JSON" else json.loads(payload)

    async def connect(self, **options):
        client = Client(
            f"ws://{HOST}/connection/websocket",
            events=Events(),
            use_protobuf=self.name == "Protobuf",
            proxy=None,
            max_reconnect_delay=0.2,
            **options,
        )
        self.clients.append(client)
        await client.connect()
        client.first = await client.events.connected.get()
        return client

    async def subscribe(self, client, channel, **options):
        subscription = client.new_subscription(channel, events=Heard(), **options)
        await subscription.subscribe()
        subscription.first = await subscription.events.subscribed.get()
        return subscription

    async def heard(self, subscription, count):
        return [self.value((await subscription.events.publications.get()).data) for _ in range(count)]

    async def leave(self):
        for client in self.clients:
            await client.disconnect()


async def talk(codec):
    one, two = await codec.connect(), await codec.connect()
    channel = f"open:python-{codec.name}"
    heard = [await codec.subscribe(who, channel) for who in (one, two)]
    for number in range(20):
        await heard[0].publish(codec.payload({"number": number, "text": "한국어 🐟"}))
    for subscription in heard:
        got = await codec.heard(subscription, 20)
        assert got == [{"number": number, "text": "한국어 🐟"} for number in range(20)], got


async def recovery(codec):
    one, two = await codec.connect(), await codec.connect()
    channel = f"kept:python-{codec.name}"
    subscription = await codec.subscribe(one, channel)
    await one.disconnect()
    for number in range(10):
        await two.publish(channel, codec.payload(number))
    await one.connect()
    again = await subscription.events.subscribed.get()
    assert again.was_recovering and again.recovered, again
    assert await codec.heard(subscription, 10) == list(range(10))


async def history(codec):
    one = await codec.connect()
    channel = f"kept:python-history-{codec.name}"
    for number in range(5):
        await one.publish(channel, codec.payload(number))
    read = await one.history(channel, limit=-1)
    assert [codec.value(publication.data) for publication in read.publications] == list(range(5))
    assert read.offset == 5 and read.epoch
    last = await one.history(channel, limit=1, reverse=True)
    assert codec.value(last.publications[0].data) == 4


async def presence(codec):
    one = await codec.connect(token=token(sub="one", info={"name": "연어"}))
    two = await codec.connect(token=token(sub="two"))
    channel = f"seen:python-{codec.name}"
    seen = await codec.subscribe(one, channel)
    assert (await seen.events.joins.get()).user == "one"
    await codec.subscribe(two, channel)
    assert (await seen.events.joins.get()).user == "two"
    stats = await seen.presence_stats()
    assert (stats.num_clients, stats.num_users) == (2, 2), stats
    present = await seen.presence()
    assert {info.user for info in present.clients.values()} == {"one", "two"}, present
    await two.disconnect()
    assert (await seen.events.leaves.get()).user == "two"


async def delta(codec):
    one = await codec.connect()
    channel = f"delta:python-{codec.name}"
    subscription = await codec.subscribe(one, channel, delta=DeltaType.FOSSIL)
    documents = [{"text": "fixed text 한국어 " * 40, "number": number} for number in range(4)]
    for document in documents:
        await one.publish(channel, codec.payload(document))
    assert await codec.heard(subscription, 4) == documents


async def refusals(codec):
    one = await codec.connect()
    subscription = one.new_subscription("nowhere:room", events=Heard())
    await subscription.subscribe()
    assert (await subscription.events.unsubscribed.get()).code == 102
    try:
        await one.rpc("method", codec.payload({}))
    except ReplyError as error:
        assert error.code == 108, error
    else:
        raise AssertionError("an rpc was answered")


async def bad_token(codec):
    client = Client(
        f"ws://{HOST}/connection/websocket",
        events=Events(),
        use_protobuf=codec.name == "Protobuf",
        proxy=None,
        token="a.b.c",
    )
    await client.connect()
    assert (await client.events.disconnected.get()).code == 3500


async def main():
    for name in ("JSON", "Protobuf"):
        codec = Codec(name)
        for sentence, run in {
            "what one publishes all hear, in order": talk,
            "who was away misses nothing": recovery,
            "history is read": history,
            "presence, joins and leaves are told": presence,
            "payloads come as patches": delta,
            "what is refused has its code": refusals,
            "a token that is none is refused with 3500": bad_token,
        }.items():
            await check(f"Python, {name}: {sentence}", lambda: run(codec))
        await codec.leave()
    print("  all passed" if not failures else f"  {failures} FAILED", flush=True)
    sys.exit(1 if failures else 0)


asyncio.run(main())
