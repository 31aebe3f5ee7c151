import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_TIME, CONNECT_TIME, Connection, PROOF_TIME, SLOWEST, STEADY_TIME } from "../page/connection.js";
import { delay } from "../page/backoff.js";
import { FIRST_CLIMB, Ladder } from "../page/ladder.js";
import { Clock } from "./clock.mjs";

/** A connection with the sockets it asked for, the states it went through and what it heard. */
function setUp(picked = "websocket") {
  const clock = new Clock();
  const [sockets, states, heard, last, asked] = [[], [], [], {}, []];
  const connect = (transport) => {
    const socket = { transport, sent: [], bufferedAmount: 0, closed: 0, send: (text) => socket.sent.push(text), close: () => (socket.closed += 1) };
    sockets.push(socket);
    return socket;
  };
  const connection = new Connection(
    new Ladder(picked),
    { onStatus: (status) => (states.push(status.state), (last.status = status)), onMessage: (data) => heard.push(data), onBeside: () => heard.push("(beside)") },
    {
      connect,
      ask: () => new Promise((answer) => asked.push(answer)),
      setTimer: clock.setTimer,
      clearTimer: clock.clearTimer,
      chance: () => 1,
      now: () => clock.now,
      date: () => clock.now,
    },
  );
  /** Answers the last question whether the server is there. */
  const answer = async (whether) => {
    asked.at(-1)(whether);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { clock, sockets, states, heard, last, asked, answer, connection };
}

const tried = (sockets) => sockets.map(({ transport }) => transport);

test("it connects, opens, hears and says", () => {
  const { sockets, states, heard, connection } = setUp();
  connection.start();
  assert.equal(connection.send("too early"), false);
  sockets[0].onopen();
  sockets[0].onmessage({ data: "hi" });
  assert.equal(connection.send("ho"), true);
  assert.deepEqual([states, heard, sockets[0].sent], [["connecting", "open"], ["hi"], ["ho"]]);
});

test("a lost connection comes back after a wait that grows with each failure", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  for (let failures = 0; failures < 4; failures += 1) {
    sockets[failures].onclose({ code: 1006 });
    clock.pass(delay(failures, 1) - 1);
    assert.equal(sockets.length, failures + 1);
    clock.pass(1);
    assert.equal(sockets.length, failures + 2);
  }
  assert.deepEqual(states.slice(0, 3), ["connecting", "waiting", "connecting"]);
});

test("the wait is short again only after the connection has held for a while", () => {
  const { clock, sockets, connection } = setUp();
  connection.start();
  sockets[0].onclose({ code: 1006 });
  clock.pass(delay(0, 1));
  sockets[1].onopen();
  clock.pass(STEADY_TIME - 1);
  sockets[1].onclose({ code: 1006 });
  clock.pass(delay(1, 1) - 1);
  assert.equal(sockets.length, 2);
  clock.pass(1);
  sockets[2].onopen();
  clock.pass(STEADY_TIME);
  sockets[2].onclose({ code: 1006 });
  clock.pass(delay(0, 1));
  assert.equal(sockets.length, 4);
});

test("an attempt that hangs is given up", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  clock.pass(CONNECT_TIME);
  assert.equal(sockets[0].closed, 1);
  assert.equal(states.at(-1), "waiting");
});

test("a connection on which nothing comes back is given up", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  sockets[0].onopen();
  connection.send("a");
  clock.pass(ANSWER_TIME - 1);
  connection.send("b");
  sockets[0].onmessage({ data: "a" });
  clock.pass(ANSWER_TIME);
  assert.equal(states.at(-1), "open");
  connection.send("c");
  clock.pass(ANSWER_TIME);
  assert.equal(states.at(-1), "waiting");
});

test("a large message that leaves slowly is waited for, and one that is stuck is not", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  sockets[0].onopen();
  const socket = sockets[0];
  socket.send = () => (socket.bufferedAmount = 900);
  connection.send(new Uint8Array(900));
  for (const left of [600, 300, 0]) {
    clock.pass(ANSWER_TIME / 2);
    socket.bufferedAmount = left;
    clock.pass(ANSWER_TIME / 2);
    assert.equal(states.at(-1), "open");
  }
  clock.pass(ANSWER_TIME + 900 / SLOWEST);
  assert.equal(states.at(-1), "waiting");
});

test("a network that takes all and brings nothing is given up in time, also while one goes on sending", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  sockets[0].onopen();
  const socket = sockets[0];
  // A socket counts what was sent until the system took it.
  socket.send = () => (socket.bufferedAmount = 100);
  for (let sent = 0; sent < 15; sent++) {
    assert.equal(states.at(-1), "open");
    connection.send("into nothing");
    clock.pass(ANSWER_TIME / 30);
    socket.bufferedAmount = 0;
    clock.pass(ANSWER_TIME / 30);
  }
  clock.pass(1);
  assert.equal(states.at(-1), "waiting");
});

test("a picture that the system took at once has the time of a slow line, and what is said after it, too", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  sockets[0].onopen();
  const slow = 60_000;
  connection.send(new Uint8Array(slow * SLOWEST));
  clock.pass(slow / 2);
  sockets[0].onmessage({ data: "of someone else" });
  connection.send("here");
  clock.pass(slow / 2 + ANSWER_TIME - 1);
  assert.equal(states.at(-1), "open");
  clock.pass(2);
  assert.equal(states.at(-1), "waiting");
});

test("a lost connection says how it ended, and an attempt that failed that it did", () => {
  const { clock, sockets, last, connection } = setUp();
  connection.start();
  sockets[0].onclose({ code: 1006 });
  assert.deepEqual([last.status.after, last.status.code], ["refused", 1006]);
  clock.pass(delay(0, 1));
  sockets[1].onopen();
  sockets[1].onclose({ code: 1012 });
  assert.deepEqual([last.status.after, last.status.code], ["lost", 1012]);
});

test("retry does not wait, and does nothing while there is nothing to retry", () => {
  const { sockets, connection } = setUp();
  connection.retry();
  assert.equal(sockets.length, 0);
  connection.start();
  connection.start();
  connection.retry();
  assert.equal(sockets.length, 1);
  sockets[0].onclose({ code: 1006 });
  connection.retry();
  assert.equal(sockets.length, 2);
});

test("a stopped connection leaves nothing behind and can be started again", () => {
  const { clock, sockets, states, connection } = setUp();
  connection.start();
  sockets[0].onopen();
  connection.send("a");
  connection.stop();
  assert.deepEqual([clock.size, sockets[0].closed, sockets[0].onclose], [0, 1, null]);
  connection.start();
  assert.deepEqual(states, ["connecting", "open", "closed", "connecting"]);
});

test("a transport that is blocked gives way to the next at once, and what passes something stays", async () => {
  const { clock, sockets, states, answer, connection } = setUp("auto");
  connection.start();
  sockets[0].onclose({ code: 1006 });
  await answer("there");
  assert.deepEqual(tried(sockets), ["websocket", "xhr-streaming"]);
  sockets[1].onopen();
  sockets[1].onmessage({ data: "own" });
  sockets[1].onclose({ code: 1006 });
  clock.pass(delay(1, 1));
  assert.deepEqual(tried(sockets), ["websocket", "xhr-streaming", "xhr-streaming"]);
  assert.deepEqual(states, ["connecting", "waiting", "connecting", "open", "waiting", "connecting"]);
});

test("a transport that opens and passes nothing is blocked, too, and does not take long", async () => {
  const { clock, sockets, answer, connection } = setUp("auto");
  connection.start();
  clock.pass(PROOF_TIME - 1);
  assert.equal(sockets[0].closed, 0);
  sockets[0].onopen();
  connection.send("hello");
  clock.pass(PROOF_TIME - 1);
  assert.equal(sockets[0].closed, 0);
  clock.pass(1);
  assert.equal(sockets[0].closed, 1);
  await answer("there");
  assert.deepEqual(tried(sockets), ["websocket", "xhr-streaming"]);
  clock.pass(PROOF_TIME);
  assert.equal(sockets[1].closed, 1, "one that does not open");
});

test("a server that is not there is no reason to try something else", async () => {
  const { clock, sockets, answer, connection } = setUp("auto");
  connection.start();
  for (let failures = 0; failures < 3; failures += 1) {
    sockets[failures].onclose({ code: 1006 });
    await answer("unreachable");
    clock.pass(delay(failures, 1));
  }
  assert.deepEqual(tried(sockets), Array(4).fill("websocket"));
});

test("a server that says itself that it closes, or once passed something, blocks nothing", () => {
  const { clock, sockets, asked, connection } = setUp("auto");
  connection.start();
  sockets[0].onopen();
  sockets[0].onclose({ code: 1012 });
  clock.pass(delay(0, 1));
  sockets[1].onopen();
  sockets[1].onmessage({ data: "own" });
  sockets[1].onclose({ code: 1006 });
  clock.pass(delay(1, 1));
  assert.deepEqual([tried(sockets), asked.length], [Array(3).fill("websocket"), 0]);
});

test("the next attempt waits until it is known whether the server is there, and a late answer changes nothing", async () => {
  const { clock, sockets, answer, asked, connection } = setUp("auto");
  connection.start();
  sockets[0].onclose({ code: 1006 });
  clock.pass(60_000);
  assert.equal(sockets.length, 1);
  await answer("unreachable");
  assert.equal(sockets.length, 2);
  sockets[1].onclose({ code: 1006 });
  connection.retry();
  await answer("there");
  assert.deepEqual([tried(sockets), asked.length], [Array(3).fill("websocket"), 2]);
  connection.stop();
  assert.equal(clock.size, 0);
});

test("once all are blocked the first comes again, after the wait that is due", async () => {
  const { clock, sockets, answer, connection } = setUp("auto");
  connection.start();
  for (let n = 0; n < 4; n += 1) {
    sockets[n].onclose({ code: 1006 });
    await answer("there");
  }
  assert.deepEqual(tried(sockets), ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]);
  clock.pass(delay(3, 1) - 1);
  assert.equal(sockets.length, 4);
  clock.pass(1);
  assert.equal(sockets[4].transport, "websocket");
});

test("what is picked is taken at once and stays, blocked or not", () => {
  const { clock, sockets, asked, last, connection } = setUp("auto");
  connection.pick("eventsource");
  assert.equal(sockets.length, 0, "a closed connection stays closed");
  connection.start();
  sockets[0].onopen();
  assert.deepEqual(last.status, { state: "open", transport: "eventsource" });
  connection.pick("xhr-polling");
  assert.equal(sockets[0].closed, 1);
  sockets[1].onclose({ code: 1006 });
  assert.equal(last.status.transport, "xhr-polling");
  clock.pass(delay(0, 1));
  assert.deepEqual([tried(sockets), asked.length], [["eventsource", "xhr-polling", "xhr-polling"], 0]);
});

/** A connection below the top, over which something passed. */
async function fallen() {
  const all = setUp("auto");
  all.connection.start();
  all.sockets[0].onclose({ code: 1006 });
  await all.answer("there");
  all.sockets[1].onopen();
  all.sockets[1].onmessage({ data: "own" });
  return all;
}

test("from further down WebSocket is tried beside, and takes over without a gap", async () => {
  const { clock, sockets, states, heard, last, connection } = await fallen();
  clock.pass(FIRST_CLIMB);
  const [, below, above] = sockets;
  assert.equal(above.transport, "websocket");
  assert.equal(last.status.transport, "xhr-streaming");
  above.onopen();
  for (const data of ["here", "more"]) above.onmessage({ data });
  below.onmessage({ data: "here" });
  assert.deepEqual(heard, ["own", "(beside)", "here", "more"]);
  assert.deepEqual([below.closed, above.closed, last.status], [1, 0, { state: "open", transport: "websocket" }]);
  connection.send("ho");
  above.onmessage({ data: "ho" });
  clock.pass(10 * FIRST_CLIMB);
  assert.deepEqual([above.sent, heard.at(-1), sockets.length, states.at(-1)], [["ho"], "ho", 3, "open"]);
});

test("a WebSocket that fails beside disturbs nothing, and is tried again later each time", async () => {
  const { clock, sockets, states, connection } = await fallen();
  for (const wait of [FIRST_CLIMB, 2 * FIRST_CLIMB, 4 * FIRST_CLIMB]) {
    clock.pass(wait - 1);
    const count = sockets.length;
    clock.pass(1);
    assert.equal(sockets.length, count + 1);
    sockets.at(-1).onclose({ code: 1006 });
  }
  assert.deepEqual([states.at(-1), sockets[1].closed], ["open", 0]);
  clock.pass(8 * FIRST_CLIMB);
  const beside = sockets.at(-1);
  connection.stop();
  assert.deepEqual([beside.closed, clock.size], [1, 0]);
});

test("what is said last goes the way that a transport has for it", () => {
  const { sockets, connection } = setUp();
  connection.sendLast("too early");
  connection.start();
  sockets[0].onopen();
  connection.sendLast("bye");
  assert.deepEqual(sockets[0].sent, ["bye"]);
  const last = [];
  sockets[0].sendLast = (text) => last.push(text);
  connection.sendLast("bye");
  assert.deepEqual([last, sockets[0].sent], [["bye"], ["bye"]]);
});
