import assert from "node:assert/strict";
import { test } from "node:test";

import { encode } from "../page/protocol.js";
import { Room } from "../page/room.js";
import { EXPIRY, REFRESH } from "../page/roster.js";
import { Clock } from "./clock.mjs";

/** People in one room that relays whatever is said to all, also to the one who says it. */
class Hall {
  clock = new Clock();
  guests = [];

  join(id, name) {
    const guest = { id, people: [], said: [], sent: 0, present: true };
    guest.room = new Room(
      { id, name },
      { onPeople: (people) => (guest.people = people.map((p) => p.name)), onSaid: (heard) => guest.said.push(heard) },
      {
        send: (text) => {
          guest.sent += 1;
          this.relay(text);
          return true;
        },
        setTimer: this.clock.setTimer,
        chance: () => 0.5,
        now: () => this.clock.now,
      },
    );
    this.guests.push(guest);
    guest.room.enter();
    return guest;
  }

  relay(data) {
    for (const guest of this.guests.filter((g) => g.present)) guest.room.hear(data);
  }

  pass(ms) {
    for (let passed = 0; passed < ms; passed += REFRESH) {
      this.clock.pass(Math.min(REFRESH, ms - passed));
      for (const guest of this.guests.filter((g) => g.present)) guest.room.refresh();
    }
  }
}

test("who comes in learns who is there, and they learn of the one who came", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  const bea = hall.join("b", "Bea");
  hall.clock.pass(1000);
  assert.deepEqual(ann.people, ["Ann", "Bea"]);
  assert.deepEqual(bea.people, ["Ann", "Bea"]);
});

test("many greetings at once are answered once", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  const sent = ann.sent;
  for (let n = 0; n < 20; n += 1) hall.relay(encode({ type: "hello", id: `g${n}`, name: "Guest" }));
  hall.clock.pass(10_000);
  assert.equal(ann.sent, sent + 1);
});

test("all hear what is said, also the speaker", () => {
  const hall = new Hall();
  const [ann, bea] = [hall.join("a", "Ann"), hall.join("b", "Bea")];
  bea.room.say("hi");
  const said = { type: "say", id: "b", name: "Bea", text: "hi" };
  assert.deepEqual([ann.said, bea.said], [[said], [said]]);
});

test("what other clients say is heard too", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  hall.relay("plain");
  hall.relay(new ArrayBuffer(9));
  assert.deepEqual(ann.said, [{ type: "text", text: "plain" }, { type: "bytes", size: 9 }]);
});

test("who says goodbye is gone at once, who is silent is gone in time, and who is there stays", () => {
  const hall = new Hall();
  const [ann, bea, cho] = [hall.join("a", "Ann"), hall.join("b", "Bea"), hall.join("c", "Cho")];
  hall.clock.pass(1000);
  bea.room.leave();
  bea.present = false;
  assert.deepEqual(ann.people, ["Ann", "Cho"]);
  cho.present = false;
  hall.pass(EXPIRY + 2 * REFRESH);
  assert.deepEqual(ann.people, ["Ann"]);
});

test("a new name is known to all", () => {
  const hall = new Hall();
  const [ann, bea] = [hall.join("a", "Ann"), hall.join("b", "Bea")];
  hall.clock.pass(1000);
  bea.room.rename("Beatrix");
  assert.deepEqual([ann.people, bea.people], [["Ann", "Beatrix"], ["Ann", "Beatrix"]]);
});

test("nobody can say goodbye or take a name in my place on my own page", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  hall.relay(encode({ type: "bye", id: "a", name: "Ann" }));
  hall.relay(encode({ type: "here", id: "a", name: "Not Ann" }));
  assert.deepEqual(ann.people, ["Ann"]);
});
