import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_TIME, CONNECT_TIME, Connection, SLOWEST, STEADY_TIME } from "../page/connection.js";
import { delay } from "../page/backoff.js";
import { Clock } from "./clock.mjs";

/** A connection with the sockets it asked for, the states it went through and what it heard. */
function setUp() {
  const clock = new Clock();
  const [sockets, states, heard, last] = [[], [], [], {}];
  const connect = (url) => {
    const socket = { url, sent: [], bufferedAmount: 0, closed: 0, send: (text) => socket.sent.push(text), close: () => (socket.closed += 1) };
    sockets.push(socket);
    return socket;
  };
  const connection = new Connection(
    "ws://test/say",
    { onStatus: (status) => (states.push(status.state), (last.status = status)), onMessage: (data) => heard.push(data) },
    { connect, setTimer: clock.setTimer, clearTimer: clock.clearTimer, chance: () => 1, now: () => clock.now },
  );
  return { clock, sockets, states, heard, last, connection };
}

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
