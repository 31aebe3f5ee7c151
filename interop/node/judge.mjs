// The client of npm's `ws`, the most used in Node.js.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { check, finish } from "./checks.mjs";

const MIB = 1 << 20;
const TEXT = "안녕하세요, 연어 여러분 🐟🏳️‍🌈 \uffff";

const { INTEROP_WS, INTEROP_WSS, INTEROP_CERT, INTEROP_SERVERS } = process.env;

/** A client that keeps what it hears until it is asked for it. */
class Client {
  /** @type {unknown[]} */
  #heard = [];
  /** @type {((heard: unknown) => void)[]} */
  #waiting = [];

  constructor(url, { protocols = [], ...options } = {}) {
    const ca = INTEROP_CERT ? readFileSync(INTEROP_CERT) : undefined;
    this.socket = new WebSocket(url, protocols, { ca, ...options });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", resolve);
    });
    this.socket.on("message", (data, isBinary) => {
      const heard = isBinary ? data : data.toString();
      const waiting = this.#waiting.shift();
      if (waiting) waiting(heard);
      else this.#heard.push(heard);
    });
  }

  static async open(url, options) {
    const client = new Client(url, options);
    await once(client.socket, "open");
    client.socket.on("error", () => {});
    return client;
  }

  /** @returns {Promise<any>} the next message, a text or bytes */
  hear() {
    if (this.#heard.length > 0) return Promise.resolve(this.#heard.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Hears on to a text.
   * @param {string} text
   */
  async hearsUntil(text) {
    while ((await this.hear()) !== text);
  }

  /**
   * Says that one is here, until one hears it.
   * @param {string} name
   */
  async arrives(name) {
    this.socket.send(`${name} is here`);
    await this.hearsUntil(`${name} is here`);
  }

  /** @returns {Promise<number>} the code of the server's answer */
  async close(code, reason) {
    this.socket.close(code, reason);
    return this.closed;
  }
}

async function judge(base) {
  const scheme = new URL(base).protocol.slice(0, -1);
  const says = (sentence, run) => check(`ws, ${scheme}: ${sentence}`, run);

  await says("Korean, emoji and the last character of the BMP come back", async () => {
    const client = await Client.open(`${base}/echo`);
    for (const text of [TEXT, "", "x".repeat(70_000)]) {
      client.socket.send(text);
      assert.equal(await client.hear(), text);
    }
    assert.equal(await client.close(1000, "다 했어요"), 1000);
  });

  await says("1 MiB of binary comes back, one byte more is refused with 1009", async () => {
    const client = await Client.open(`${base}/echo`, { perMessageDeflate: false });
    const bytes = randomBytes(MIB);
    client.socket.send(bytes);
    assert.ok(bytes.equals(await client.hear()));
    client.socket.send(Buffer.alloc(MIB + 1));
    assert.equal(await client.closed, 1009);
  });

  await says("a message in fragments comes back whole, with a ping between them answered", async () => {
    const client = await Client.open(`${base}/echo`, { perMessageDeflate: false });
    const pong = once(client.socket, "pong");
    client.socket.send("안녕", { fin: false });
    client.socket.ping("between");
    client.socket.send("하세", { fin: false });
    client.socket.send("요", { fin: true });
    assert.equal((await pong)[0].toString(), "between");
    assert.equal(await client.hear(), "안녕하세요");
    await client.close(1000);
  });

  await says("a client that answers the server's pings stays", async () => {
    const client = await Client.open(`${base}/echo`);
    await once(client.socket, "ping");
    await once(client.socket, "ping");
    client.socket.send("still here");
    assert.equal(await client.hear(), "still here");
    await client.close(1000);
  });

  await says("a close of the application's own is answered with its code", async () => {
    const client = await Client.open(`${base}/echo`);
    assert.equal(await client.close(4001, "moved on"), 4001);
  });

  await says("permessage-deflate is agreed on and used both ways", async () => {
    const client = await Client.open(`${base}/echo`, { perMessageDeflate: { threshold: 0 } });
    assert.match(client.socket.extensions, /permessage-deflate/);
    const text = "salmon ".repeat(100_000);
    const before = client.socket._socket.bytesRead;
    client.socket.send(text);
    assert.equal(await client.hear(), text);
    assert.ok(client.socket._socket.bytesRead - before < 20_000, "it came back inflated");
    await client.close(1000);
  });

  await says("a subprotocol that nobody speaks is not agreed on, which ends the attempt", async () => {
    const client = new Client(`${base}/echo`, { protocols: ["carrier-pigeon"] });
    const [error] = await once(client.socket, "error");
    assert.match(error.message, /no subprotocol/);
  });

  await says("a page of another origin is refused with 403", async () => {
    const client = new Client(`${base}/say`, { origin: "https://elsewhere.example" });
    client.socket.on("error", () => {});
    const [, response] = await once(client.socket, "unexpected-response");
    assert.equal(response.statusCode, 403);
    response.resume();
  });

  await says("what one says all hear, in one order", async () => {
    const [one, two] = [await Client.open(`${base}/say`), await Client.open(`${base}/say`)];
    // Who has its 101 may not be among those who hear yet: who hears itself is.
    await one.arrives("one");
    await two.arrives("two");
    await one.hearsUntil("two is here");
    const said = [];
    for (let n = 0; n < 50; n++) {
      one.socket.send(`one ${n}`);
      two.socket.send(`two ${n}`);
      said.push(`one ${n}`, `two ${n}`);
    }
    const heard = async (client) => {
      const all = [];
      while (all.length < said.length) all.push(await client.hear());
      return all;
    };
    const [first, second] = await Promise.all([heard(one), heard(two)]);
    assert.deepEqual([...first].sort(), [...said].sort());
    assert.deepEqual(first.filter((text) => text.startsWith("one")), second.filter((text) => text.startsWith("one")));
    assert.deepEqual(first.filter((text) => text.startsWith("one")), said.filter((text) => text.startsWith("one")));
    await Promise.all([one.close(1000), two.close(1000)]);
  });
}

const bases = [INTEROP_WS, INTEROP_WSS].filter(Boolean);
for (const base of bases) await judge(base);

await check("ws: a server that is stopped says 1001", async () => {
  const clients = await Promise.all(bases.map((base) => Client.open(`${base}/say`)));
  for (const pid of INTEROP_SERVERS.split(" ")) process.kill(Number(pid), "SIGTERM");
  for (const client of clients) assert.equal(await client.closed, 1001);
});

finish();
