// Those in the room who are no page: three clients of the JVM, and `sockeye connect` in a pipe. What each hears is kept.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createHash } from "node:crypto";
import { within } from "./deadline.mjs";

const MAGIC = Buffer.from([0x93, 0x53, 0x41, 0x59]);

/** What was heard, short enough to be compared: a text as it is, bytes by their hash, signs of pages not at all. */
export function token(data) {
  if (typeof data !== "string") {
    // protocol.js: a page's file has a head before its bytes.
    const isFile = data.subarray(0, 4).equals(MAGIC);
    return bytesToken(isFile ? data.subarray(7 + data.readUInt16BE(5)) : data);
  }
  if (!data.startsWith('{"sockeye":1,')) return data;
  const { type, text } = JSON.parse(data);
  return type === "say" ? text : undefined;
}

/** @param {Uint8Array} bytes */
export function bytesToken(bytes) {
  return `${bytes.length} bytes, ${createHash("sha256").update(bytes).digest("hex")}`;
}

/** One who listens: tokens and other events, in order. */
export class Guest {
  /** @type {string[]} what was said, as tokens */
  said = [];
  /** @type {string[]} pings, pongs and closes */
  events = [];
  #look = () => {};

  constructor(name, does) {
    this.name = name;
    /** Says, pings, or closes: `does(what, with)`. */
    this.does = does;
  }

  hears(data) {
    const known = token(data);
    if (known !== undefined) this.said.push(known);
    this.#look();
  }

  notes(event) {
    this.events.push(event);
    this.#look();
  }

  /** Waits until all of these were said. */
  async heard(wanted) {
    await this.#until(`${wanted.at(-1)}`, () => wanted.every((one) => this.said.includes(one)));
  }

  /** Waits for an event, for the so-manieth time. */
  async noted(event, times = 1) {
    await this.#until(event, () => this.events.filter((one) => one === event).length >= times);
  }

  async #until(what, condition) {
    const there = new Promise((resolve) => {
      this.#look = () => condition() && resolve(undefined);
      this.#look();
    });
    await within(`${this.name} to hear "${what}"`, there).catch((error) => {
      throw new Error(`${error.message}; it heard ${JSON.stringify(this.said)}, ${JSON.stringify(this.events)}`);
    });
  }
}

/** Brings the clients of the JVM, and waits until they are in. */
export async function jvmGuests(t, url) {
  // OkHttp gives up when a pong is late, and here it waits behind what everyone says.
  const flags = ["-XX:TieredStopAtLevel=1", "-Dinterop.ping=10000", "-cp", process.env.INTEROP_GUESTS];
  const java = spawn("java", [...flags, "Guests", url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => java.kill());
  const guests = new Map(["Java-WebSocket", "OkHttp", "JDK"].map((name) => {
    const does = (what, value) => {
      const told = ["text", "bytes"].includes(what) ? Buffer.from(value).toString("base64") : value;
      java.stdin.write(`${name} ${what} ${told}\n`);
    };
    return [name, new Guest(name, does)];
  }));
  createInterface({ input: java.stdout }).on("line", (line) => {
    const [name, what, value] = line.split(" ");
    const guest = guests.get(name);
    if (what === "text") guest.hears(Buffer.from(value, "base64").toString());
    else if (what === "bytes") guest.hears(Buffer.from(value, "base64"));
    else guest.notes(`${what} ${value}`.trim());
  });
  for (const guest of guests.values()) await guest.noted("opened");
  return [...guests.values()];
}

/** Brings `sockeye connect`, which sends a file first and then what is said by lines. */
export function terminalGuest(t, url, file, flags) {
  const args = ["connect", url, "--json", "--linger", "forever", "--file", file, ...flags];
  const tool = spawn(process.env.SOCKEYE, args, { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => tool.kill());
  tool.stderr.on("data", (data) => guest.notes(String(data).trim()));
  const guest = new Guest("sockeye connect", (_, value) => tool.stdin.write(`${value}\n`));
  createInterface({ input: tool.stdout }).on("line", (line) => {
    const { text, base64 } = JSON.parse(line);
    guest.hears(text ?? Buffer.from(base64, "base64"));
  });
  once(tool, "exit").then(([code]) => guest.notes(`exit ${code}`));
  return guest;
}
