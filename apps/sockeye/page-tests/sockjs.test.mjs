import assert from "node:assert/strict";
import { test } from "node:test";

import { LINGER, MOST_LETTERS, MOST_MESSAGES, SockJs } from "../page/sockjs.js";
import { Clock } from "./clock.mjs";

/** Lets all that is due run: promises, and the turns that streams take. */
const turns = () => new Promise((done) => setImmediate(done));

/** A server's side of requests: each waits until it is answered. */
class Network {
  requests = [];
  sources = [];
  beacons = [];

  beacon = (url, body) => this.beacons.push({ url, body }) > 0;

  fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const request = { url, ...init };
      request.fails = () => reject(new TypeError("network"));
      request.answers = (status) => resolve({ ok: status < 400, status, body: null });
      request.streams = () => {
        const body = new ReadableStream({ start: (controller) => (request.stream = controller) });
        resolve({ ok: true, status: 200, body });
      };
      request.writes = (text) => request.stream.enqueue(new TextEncoder().encode(text));
      request.writesBytes = (bytes) => request.stream.enqueue(bytes);
      request.ends = () => request.stream.close();
      init.signal?.addEventListener("abort", () => {
        request.aborted = true;
        reject(new DOMException("aborted", "AbortError"));
        try {
          request.stream?.error(new DOMException("aborted", "AbortError"));
        } catch {
          // It has ended already.
        }
      });
      this.requests.push(request);
    });

  eventSource = (url) => {
    const source = { url, close: () => (source.closed = true) };
    this.sources.push(source);
    return source;
  };

  to(resource) {
    return this.requests.filter(({ url }) => url.endsWith(`/${resource}`));
  }
}

/** A session with what it told. */
function setUp(transport) {
  const [network, clock, told] = [new Network(), new Clock(), []];
  const { fetch, eventSource, beacon } = network;
  const { setTimer, clearTimer } = clock;
  const socket = new SockJs("http://test/say", transport, {
    fetch,
    eventSource,
    beacon,
    setTimer,
    clearTimer,
    newId: () => "id",
  });
  socket.onopen = () => told.push("open");
  socket.onmessage = ({ data }) => told.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
  socket.onclose = ({ code }) => told.push({ code });
  return { network, clock, told, socket };
}

/** One that streams, and is open. */
async function open() {
  const all = setUp("xhr-streaming");
  const [stream] = all.network.requests;
  stream.streams();
  stream.writes(`${"h".repeat(2048)}\no\n`);
  await turns();
  assert.deepEqual(all.told.splice(0), ["open"]);
  return { ...all, stream };
}

test("a stream opens, tells messages wherever it is cut, and is followed by the next", async () => {
  const { network, told, stream } = await open();
  assert.deepEqual([stream.url, stream.method], ["http://test/say/000/id/xhr_streaming", "POST"]);
  const bytes = new TextEncoder().encode('a["안녕","🐟"]\nh\na["data:application/octet-stream;base64,AQID"]\n');
  for (const byte of bytes) stream.writesBytes(Uint8Array.of(byte));
  await turns();
  assert.deepEqual(told, ["안녕", "🐟", [1, 2, 3]]);
  stream.ends();
  await turns();
  const [, next] = network.requests;
  assert.equal(next.url, stream.url);
  next.streams();
  next.writes(`${"h".repeat(2048)}\na["on"]\n`);
  await turns();
  assert.deepEqual(told.at(-1), "on");
});

test("polls follow each other, one at a time", async () => {
  const { network, told } = setUp("xhr-polling");
  for (const [n, frame] of ["o", 'a["1"]', "h", 'a["2","3"]'].entries()) {
    assert.equal(network.requests.length, n + 1);
    const poll = network.requests[n];
    assert.equal(poll.url, "http://test/say/000/id/xhr");
    poll.streams();
    poll.writes(`${frame}\n`);
    poll.ends();
    await turns();
  }
  assert.deepEqual(told, ["open", "1", "2", "3"]);
});

test("server-sent events open, tell messages, and are followed by the next once they end", async () => {
  const { network, told } = setUp("eventsource");
  const [first] = network.sources;
  assert.equal(first.url, "http://test/say/000/id/eventsource");
  first.onmessage({ data: "o" });
  first.onmessage({ data: 'a["100%25","%2541","%"]' });
  first.onerror();
  assert.equal(first.closed, true);
  network.sources[1].onmessage({ data: 'a["100%25"]' });
  assert.deepEqual(told, ["open", "100%25", "%2541", "%", "100%"], "a broken escape is taken as it is");
  network.sources[1].onerror();
  network.sources[2].onerror();
  assert.deepEqual(told.at(-1), { code: 1006 });
  assert.equal(network.sources.length, 3);
});

test("what is said leaves in order, one request at a time, and together if it waited", async () => {
  const { network, socket } = await open();
  socket.send("1");
  socket.send('"2"');
  socket.send(Uint8Array.of(1, 2, 3));
  assert.deepEqual(network.to("xhr_send").map(({ body }) => body), ['["1"]']);
  assert.ok(socket.bufferedAmount > 0);
  network.to("xhr_send")[0].answers(204);
  await turns();
  const [, second] = network.to("xhr_send");
  assert.deepEqual(JSON.parse(second.body), ["1", '"2"', "data:application/octet-stream;base64,AQID"].slice(1));
  second.answers(204);
  await turns();
  assert.deepEqual([network.to("xhr_send").length, socket.bufferedAmount], [2, 0]);
});

test("a request takes no more than it should, but any one message", async () => {
  const { network, socket } = await open();
  const send = async () => {
    network.to("xhr_send").at(-1).answers(204);
    await turns();
    const { body, keepalive } = network.to("xhr_send").at(-1);
    return { count: JSON.parse(body).length, keepalive };
  };
  socket.send("first");
  const large = "x".repeat(MOST_LETTERS);
  for (const text of [large, large, "a", "b"]) socket.send(text);
  for (let n = 0; n <= MOST_MESSAGES; n += 1) socket.send("");
  assert.deepEqual(await send(), { count: 1, keepalive: false });
  assert.deepEqual(await send(), { count: 1, keepalive: false });
  assert.deepEqual(await send(), { count: MOST_MESSAGES, keepalive: true });
  assert.deepEqual(await send(), { count: 3, keepalive: true });
});

test("whatever breaks it is told once, and nothing comes after", async () => {
  for (const [breaks, code] of [
    [({ stream }) => stream.writes('c[3000,"Go away!"]\na["late"]\n'), 3000],
    [({ stream }) => stream.writes("o\n"), 1006],
    [({ stream }) => stream.writes("<html>\n"), 1006],
    [({ stream }) => stream.stream.error(new TypeError("network")), 1006],
    [({ network }) => network.to("xhr_send")[0].answers(404), 1006],
    [({ network }) => network.to("xhr_send")[0].answers(413), 1009],
    [({ network }) => network.to("xhr_send")[0].fails(), 1006],
  ]) {
    const all = await open();
    all.socket.send("x");
    breaks(all);
    await turns();
    all.socket.send("y");
    all.socket.close();
    await turns();
    assert.deepEqual(all.told, [{ code }], String(breaks));
    assert.equal(all.network.requests.length, 2, String(breaks));
    assert.equal(all.clock.size, 0);
  }
});

test("a session that does not open says so", async () => {
  for (const answer of [(request) => request.answers(404), (request) => request.answers(503), (request) => request.fails()]) {
    for (const transport of ["xhr-streaming", "xhr-polling"]) {
      const { network, told } = setUp(transport);
      answer(network.requests[0]);
      await turns();
      assert.deepEqual(told, [{ code: 1006 }]);
    }
  }
  const { network, told } = setUp("xhr-polling");
  network.requests[0].streams();
  network.requests[0].ends();
  await turns();
  assert.deepEqual(told, [{ code: 1006 }], "an answer without a frame would be asked for again and again");
});

test("who closes gives up the receiver, but lets a goodbye that is under way arrive", async () => {
  const { network, clock, told, socket, stream } = await open();
  socket.send("bye");
  socket.send("too late");
  socket.close();
  assert.equal(stream.aborted, undefined);
  network.to("xhr_send")[0].answers(204);
  await turns();
  assert.deepEqual([stream.aborted, network.to("xhr_send").length, clock.size, told], [true, 1, 0, []]);

  const hanging = await open();
  hanging.socket.send("bye");
  hanging.socket.close();
  hanging.clock.pass(LINGER);
  await turns();
  assert.deepEqual([hanging.stream.aborted, hanging.network.to("xhr_send")[0].aborted, hanging.told], [true, true, []]);

  const idle = await open();
  idle.socket.close();
  assert.equal(idle.stream.aborted, true);
});

test("what is said as the page is left outlives it", async () => {
  const { network, socket } = await open();
  socket.send("under way");
  socket.sendLast("bye");
  assert.deepEqual(network.beacons, [{ url: "http://test/say/000/id/xhr_send", body: '["bye"]' }]);
  socket.close();
  socket.sendLast("again");
  assert.equal(network.beacons.length, 1);
});
