// Everyone in one room: Chromium, Firefox, three clients of the JVM and the terminal, at the `/say` of one server.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { after, test } from "node:test";
import { abilities } from "./abilities.mjs";
import { KINDS, launch } from "./browser.mjs";
import { bytesToken, jvmGuests, terminalGuest } from "./guests.mjs";
import { room } from "./room.mjs";

const MIB = 1 << 20;
/** What a page's file has before its bytes is at most so long. */
const HEAD = 8192;
const ALL_AT_ONCE = 20;

const browsers = await Promise.all(KINDS.map((kind) => launch(kind)));
after(() => Promise.all(browsers.map((browser) => browser.close())));

test("everyone hears everyone once and in order, over ws", (t) => everyone(t, "ws"));
if (abilities.has("wss")) test("everyone hears everyone once and in order, over wss", (t) => everyone(t, "wss"));

/**
 * @param {import("node:test").TestContext} t
 * @param {"ws" | "wss"} scheme
 */
async function everyone(t, scheme) {
  const secure = scheme === "wss";
  const folder = await mkdtemp(joinPath(tmpdir(), "sockeye-"));
  t.after(() => rm(folder, { recursive: true }));
  const flags = secure ? ["--tls-cert", process.env.INTEROP_CHAIN, "--tls-key", process.env.INTEROP_KEY] : [];
  const env = { SOCKEYE_HEARTBEAT_PERIOD: "1s" };
  const { server, join } = await room(t, browsers[0], { flags, env });
  const url = `${scheme}://localhost:${server.port}/say`;
  const people = [];
  for (const [n, browser] of browsers.entries()) {
    people.push(await join(KINDS[n], { browser, scheme: secure ? "https" : "http" }));
  }
  const jvm = await jvmGuests(t, url);
  const blob = randomBytes(MIB);
  await writeFile(joinPath(folder, "blob.bin"), blob);
  const terminal = terminalGuest(t, url, joinPath(folder, "blob.bin"), secure ? ["--ca", process.env.INTEROP_CERT] : []);
  const guests = [...jvm, terminal];

  // In turn: a binary message of the size of the limit, or just below it, between two texts.
  const inTurn = [bytesToken(blob)];
  const heardByAll = async (...tokens) => {
    inTurn.push(...tokens);
    await Promise.all(guests.map((guest) => guest.heard(tokens)));
  };
  await Promise.all(guests.map((guest) => guest.heard(inTurn)));
  for (const guest of jvm) {
    const bytes = randomBytes(MIB);
    guest.does("text", words(guest.name, "one"));
    guest.does("bytes", bytes);
    guest.does("text", words(guest.name, "two"));
    await heardByAll(words(guest.name, "one"), bytesToken(bytes), words(guest.name, "two"));
  }
  for (const [n, person] of people.entries()) {
    const bytes = randomBytes(MIB - HEAD);
    const path = joinPath(folder, `${KINDS[n]}.bin`);
    await writeFile(path, bytes);
    await person.says(words(KINDS[n], "one"));
    await (await person.finds("#file")).uploadFile(path);
    await heardByAll(words(KINDS[n], "one"), bytesToken(bytes));
    await person.says(words(KINDS[n], "two"));
    await heardByAll(words(KINDS[n], "two"));
  }
  for (const guest of guests) assert.deepEqual(guest.said, inTurn, guest.name);
  for (const person of people) {
    await person.hears(words(KINDS.at(-1), "two"));
    const kinds = inTurn.map((one) => one.replace(/^(\d+) bytes.*/, (_, size) => (Number(size) < MIB ? "a file" : "bytes")));
    assert.deepEqual(await seen(person), kinds);
    await person.sees("#log", "1 MiB");
  }

  // All at once: each in the order of who says it.
  const order = Array.from({ length: ALL_AT_ONCE }, (_, n) => n);
  const talks = new Map([...guests.map(({ name }) => name), ...KINDS].map((name) => [name, order.map((n) => `${name} #${n};`)]));
  const speakAtOnce = async (silent = []) => {
    for (const guest of guests) if (!silent.includes(guest)) talks.get(guest.name).forEach((text) => guest.does("text", text));
    for (const [n, person] of people.entries()) for (const text of talks.get(KINDS[n])) await person.says(text);
  };
  await speakAtOnce();
  const allTalk = [...talks.values()].flat();
  await Promise.all(guests.map((guest) => guest.heard(allTalk)));
  for (const talk of talks.values()) {
    for (const guest of guests) assert.deepEqual(guest.said.filter((one) => talk.includes(one)), talk, guest.name);
    for (const person of people) {
      await person.hears(talk.at(-1));
      assert.deepEqual(await person.order(talk), talk);
    }
  }

  // Pings both ways; then some leave, one is thrown out, and the rest go on.
  const [javaWebSocket, okHttp, jdk] = jvm;
  for (const guest of [javaWebSocket, jdk]) {
    guest.does("ping", "there?");
    await guest.noted("pong there?");
    await guest.noted("ping", 3);
  }
  javaWebSocket.does("close", "4001");
  await javaWebSocket.noted("closed 4001");
  await server.logs(/code=4001 initiator="peer" reason="moved on"/);
  okHttp.does("bytes", new Uint8Array(MIB + 1));
  await okHttp.noted("closed 1009");
  jdk.does("text", "still here");
  for (const guest of [jdk, terminal]) await guest.heard(["still here"]);
  for (const person of people) {
    await person.hears("still here");
    person.isContent();
  }
  await server.stop();
  await jdk.noted("closed 1001");
  await terminal.noted("exit 5");
  for (const person of people) await person.is("waiting", "connecting", "offline");
}

/** Korean, emoji of several code points, and the last character of the BMP. */
function words(name, which) {
  return `${name} ${which}: 안녕하세요 🐟🏳️‍🌈 \uffff`;
}

/** The messages of a page's log, in order. */
function seen(person) {
  return person.page.$$eval("#log .message", (messages) => messages.map((message) => {
    const { kind } = message.dataset;
    if (kind === "text") return message.querySelector(".bubble").textContent;
    return kind === "bytes" ? "bytes" : "a file";
  }));
}
