// The page's start: puts the connection, the room, the outbox and the views together.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { translate } from "./dom.js";
import { choose, Words } from "./i18n.js";
import { isTransport, Ladder, parseFound } from "./ladder.js";
import { Log } from "./log.js";
import { network } from "./network.js";
import { Outbox } from "./outbox.js";
import { Picker } from "./picker.js";
import { tidyName } from "./protocol.js";
import { Room } from "./room.js";
import { REFRESH } from "./roster.js";
import { Sender } from "./sender.js";
import { askSettings } from "./settings.js";
import { View } from "./view.js";

const NAME_KEY = "sockeye.name";
const TRANSPORT_KEY = "sockeye.transport";
/** What works on this network, where that is not WebSocket. */
const FOUND_KEY = "sockeye.found";
/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const MESSAGE_TOO_BIG = 1009;
const SERVICE_RESTART = 1012;

const words = new Words(choose(navigator.languages), navigator.languages[0]);
translate(words);
const me = { id: randomId(), name: remembered(NAME_KEY, tidyName) ?? guestName() };
/** @type {import("./settings.js").Settings | "unknown" | undefined} */
let settings;
let keys = 0;

const view = new View(me.id, words, () => connection.retry());
const log = new Log(words, {
  onUnread: (count) => view.showUnread(count),
  onRetry: (key) => {
    log.mark(key, "waiting");
    outbox.retry(key);
  },
});
const composer = new Composer(me.name, {
  onSay: (text) => sender.say(text),
  onFiles: (files) => sender.sendFiles(files),
  onName: (typed) => {
    const name = typed.trim() === "" ? guestName() : tidyName(typed);
    remember(NAME_KEY, name);
    room.rename(name);
    return name;
  },
});
const ladder = new Ladder(
  remembered(TRANSPORT_KEY, (text) => (isTransport(text) ? text : undefined)),
  remembered(FOUND_KEY, (text) => parseFound(JSON.parse(text), Date.now())),
);
const picker = new Picker(ladder.picked, words, (picked) => {
  remember(TRANSPORT_KEY, picked);
  remember(FOUND_KEY, undefined);
  connection.pick(picked);
});
const connection = new Connection(
  ladder,
  { onStatus: (status) => void changed(status), onMessage: (data) => room.hear(data), onBeside: () => room.refresh() },
  network(new URL("/say", location.href).href, randomId),
);
const outbox = new Outbox((data) => connection.send(data), (key) => log.mark(key, "failed"));
const room = new Room(
  me,
  {
    onPeople: (people) => view.showPeople(people),
    onMoved: (name, way) => log.note(words.say(way, { name })),
    onSaid: (heard) => log.add(entryOf(heard)),
    onOwn: (key) => {
      if (outbox.delivered(key)) log.mark(key, "sent");
    },
    onRoundTrip: (ms) => view.showRoundTrip(ms),
  },
  {
    send: (text) => connection.send(text),
    sendLast: (text) => connection.sendLast(text),
    setTimer: (run, ms) => setTimeout(run, ms),
    chance: Math.random,
    now: () => performance.now(),
  },
);
const sender = new Sender({
  me: () => room.me,
  settings: () => settings,
  outbox,
  show: (entry) => log.add(entry),
  notice: (text) => composer.notice(text),
  newKey: () => String((keys += 1)),
  words,
});

setTimeout(function refresh() {
  setTimeout(refresh, room.refresh());
}, REFRESH);
addEventListener("online", () => connection.retry());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") connection.retry();
});
// Firefox closes the sockets of a page before it says that the page is hidden. Who stays after all is back with the next
// sign of life.
addEventListener("beforeunload", () => room.leave());
// A page that is left may come back out of the browser's cache: it goes and comes in order.
addEventListener("pagehide", () => {
  room.leave();
  connection.stop();
});
addEventListener("pageshow", () => connection.start());
connection.start();
// On a phone the keyboard would cover the room at once.
if (matchMedia("(pointer: fine)").matches) composer.focus();

/** @param {import("./connection.js").Status} status */
async function changed(status) {
  view.showStatus(status, navigator.onLine ? "online" : "offline");
  picker.show(status.state === "open" ? status.transport : undefined);
  if (status.state === "open") {
    outbox.lost();
    room.enter();
    outbox.pump();
    remember(FOUND_KEY, ladder.found && JSON.stringify(ladder.found));
    // Another server may answer than before.
    const told = await askSettings();
    settings = told === "unreachable" ? settings : told;
  }
  if (status.state === "waiting") await explain(status);
}

/** @param {import("./connection.js").Waiting} status */
async function explain({ after, code, transport }) {
  if (code === MESSAGE_TOO_BIG) view.showReason("tooLargeForServer");
  else if (code === GOING_AWAY || code === SERVICE_RESTART) view.showReason("restarting");
  else if (after === "refused") {
    // A script is not told why a handshake failed; whether pages are served tells the likely reasons apart.
    const isThere = (await askSettings()) !== "unreachable";
    if (document.body.dataset.state === "open") return;
    if (!isThere) view.showReason("unreachable");
    else if (ladder.picked === "auto") view.showReason("blocked");
    else view.showReason("blockedPicked", { transport: words.say(transport) });
  }
}

/**
 * @param {import("./protocol.js").Talk} heard
 * @returns {import("./entry.js").Entry}
 */
function entryOf(heard) {
  const common = { at: new Date(), side: /** @type {const} */ ("theirs") };
  const unknown = { id: "", name: words.say("someone") };
  switch (heard.type) {
    case "say":
      return { ...common, id: heard.id, name: heard.name, text: heard.text };
    case "file": {
      const { id, name, file, kind, bytes } = heard;
      return { ...common, id, name, file: { name: file, kind, bytes } };
    }
    case "text":
      return { ...common, ...unknown, text: heard.text };
    case "bytes":
      return { ...common, ...unknown, file: { name: "", kind: "", bytes: heard.bytes } };
  }
}

/**
 * Makes an id for this page. `crypto.randomUUID` is missing where the page is opened by a LAN address over http.
 * @returns {string}
 */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns {string} */
function guestName() {
  return words.say("guest", { number: 100 + Math.floor(Math.random() * 900) });
}

/**
 * Reads what was remembered. A browser may forbid storage, and others may have written there.
 * @template T
 * @param {string} key
 * @param {(text: string) => T} parse
 * @returns {T | undefined}
 */
function remembered(key, parse) {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} key
 * @param {string | undefined} text
 */
function remember(key, text) {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // Where storage is forbidden it lasts as long as the page.
  }
}
