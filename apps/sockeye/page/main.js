// The page's start: puts the connection, the room and the view together.

import { Connection } from "./connection.js";
import { tidyName } from "./protocol.js";
import { Room } from "./room.js";
import { REFRESH } from "./roster.js";
import { View } from "./view.js";

const NAME_KEY = "sockeye.name";

const me = { id: randomId(), name: rememberedName() ?? guestName() };

const view = new View(me, {
  onSay: (text) => room.say(text),
  onName: (typed) => {
    const name = typed.trim() === "" ? guestName() : tidyName(typed);
    remember(name);
    room.rename(name);
    return name;
  },
  onRetry: () => connection.retry(),
});

const connection = new Connection(socketUrl(), {
  onStatus: (status) => {
    view.showStatus(status);
    if (status.state === "open") room.enter();
  },
  onMessage: (data) => room.hear(data),
});

const room = new Room(
  me,
  {
    onPeople: (people) => view.showPeople(people),
    onSaid: (heard) => view.showMessage(heard),
  },
  {
    send: (text) => connection.send(text),
    setTimer: (run, ms) => setTimeout(run, ms),
    chance: Math.random,
    now: () => performance.now(),
  },
);

setInterval(() => room.refresh(), REFRESH);
addEventListener("online", () => connection.retry());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") connection.retry();
});
// A page that is left may come back out of the browser's cache: it goes and comes in order.
addEventListener("pagehide", () => {
  room.leave();
  connection.stop();
});
addEventListener("pageshow", () => connection.start());
connection.start();

/** @returns {string} */
function socketUrl() {
  const url = new URL("/say", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
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
  return `Guest ${100 + Math.floor(Math.random() * 900)}`;
}

/** @returns {string | undefined} */
function rememberedName() {
  try {
    const name = localStorage.getItem(NAME_KEY);
    return name === null ? undefined : tidyName(name);
  } catch {
    // A browser may forbid storage; the name then lasts as long as the page.
    return undefined;
  }
}

/** @param {string} name */
function remember(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // See above.
  }
}
