import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeFile } from "../page/frame.js";
import { encode } from "../page/protocol.js";
import { Room } from "../page/room.js";
import { PATIENCE, REFRESH, SILENCE } from "../page/roster.js";
import { Clock } from "./clock.mjs";

/** People in one room that relays whatever is said to all, also to the one who says it. */
class Hall {
  clock = new Clock();
  guests = [];

  join(id, name) {
    const guest = { id, people: [], said: [], moved: [], own: [], trips: [], sent: 0, present: true };
    guest.room = new Room(
      { id, name },
      {
        onPeople: (people) => (guest.people = people.map((p) => p.name)),
        onMoved: (who, way) => guest.moved.push(`${who} ${way}`),
        onSaid: (heard) => guest.said.push(heard),
        onOwn: (key) => guest.own.push(key),
        onRoundTrip: (ms) => guest.trips.push(ms),
      },
      {
        send: (text) => {
          guest.sent += 1;
          this.relay(text);
          return true;
        },
        sendLast: (text) => this.relay(text),
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

test("others hear what is said once, and the speaker learns that it was heard", () => {
  const hall = new Hall();
  const [ann, bea] = [hall.join("a", "Ann"), hall.join("b", "Bea")];
  const said = { type: "say", id: "b", name: "Bea", key: "1", text: "hi" };
  hall.relay(encode(said));
  hall.relay(encode(said));
  assert.deepEqual([ann.said, ann.own], [[said], []]);
  assert.deepEqual([bea.said, bea.own], [[], ["1", "1"]]);
});

test("a file is heard as a text is", () => {
  const hall = new Hall();
  const [ann, bea] = [hall.join("a", "Ann"), hall.join("b", "Bea")];
  const file = { id: "b", name: "Bea", key: "1", file: "a.txt", kind: "text/plain", bytes: Uint8Array.of(1, 2) };
  for (let n = 0; n < 2; n += 1) hall.relay(encodeFile(file).buffer);
  assert.deepEqual([ann.said, bea.own], [[{ type: "file", ...file }], ["1", "1"]]);
});

test("who comes and goes is told, and who was there before is not", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  hall.clock.pass(1000);
  const bea = hall.join("b", "Bea");
  hall.clock.pass(1000);
  // A connection that was lost and is back is no new person.
  bea.room.enter();
  bea.room.leave();
  bea.room.leave();
  assert.deepEqual([ann.moved, bea.moved], [["Bea joined", "Bea left"], []]);
});

test("who was there before and after a lost connection did not move, and who left meanwhile is gone", () => {
  const hall = new Hall();
  const [ann, , cho] = [hall.join("a", "Ann"), hall.join("b", "Bea"), hall.join("c", "Cho")];
  hall.clock.pass(1000);
  ann.moved.length = 0;
  cho.present = false;
  for (const guest of hall.guests.filter((g) => g.present)) guest.room.enter();
  hall.pass(PATIENCE + 2 * REFRESH);
  assert.deepEqual([ann.people, ann.moved], [["Ann", "Bea"], ["Cho left"]]);
});

test("the round trip is the time until a page hears its own sign of life", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  assert.deepEqual(ann.trips, [0]);
  hall.relay = (data) => hall.clock.setTimer(() => ann.room.hear(data), 12);
  ann.room.refresh();
  hall.clock.pass(12);
  assert.deepEqual(ann.trips, [0, 12]);
});

test("the more are there, the rarer each says so", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  assert.equal(ann.room.refresh(), REFRESH);
  for (let n = 1; n < 500; n += 1) hall.relay(encode({ type: "here", id: `g${n}`, name: "Guest" }));
  assert.equal(ann.room.refresh(), 2.5 * REFRESH);
});

test("a page in the background that is asked answers at once, and stays", () => {
  const hall = new Hall();
  const [ann, bea] = [hall.join("a", "Ann"), hall.join("b", "Bea")];
  bea.room.refresh = () => {};
  hall.pass(10 * SILENCE);
  assert.deepEqual([ann.people, ann.moved], [["Ann", "Bea"], ["Bea joined"]]);
});

test("what other clients say is heard too", () => {
  const hall = new Hall();
  const ann = hall.join("a", "Ann");
  hall.relay("plain");
  hall.relay(new ArrayBuffer(9));
  assert.deepEqual(ann.said, [{ type: "text", text: "plain" }, { type: "bytes", bytes: new Uint8Array(9) }]);
});

test("who says goodbye is gone at once, who is silent is gone in time, and who is there stays", () => {
  const hall = new Hall();
  const [ann, bea, cho] = [hall.join("a", "Ann"), hall.join("b", "Bea"), hall.join("c", "Cho")];
  hall.clock.pass(1000);
  bea.room.leave();
  bea.present = false;
  assert.deepEqual(ann.people, ["Ann", "Cho"]);
  cho.present = false;
  hall.pass(SILENCE + PATIENCE + 2 * REFRESH);
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
