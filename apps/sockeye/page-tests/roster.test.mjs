import assert from "node:assert/strict";
import { test } from "node:test";

import { answerDelay, ASKED, MOST, PATIENCE, REFRESH, Roster, SIGNS, signPeriod, SILENCE } from "../page/roster.js";

const names = (roster) => roster.list().map((person) => person.name);

test("one who is silent for too long is asked once", () => {
  const roster = new Roster();
  assert.equal(roster.see("a", "Ann", 0), "joined");
  assert.equal(roster.see("b", "Bea", 0), "joined");
  assert.equal(roster.see("a", "Ann", 1), "known");
  assert.deepEqual(roster.silent(SILENCE), []);
  assert.deepEqual(roster.silent(SILENCE + 1).map((person) => person.id), ["b"]);
  roster.ask("b", SILENCE + 1);
  assert.deepEqual(roster.silent(SILENCE + 1), []);
});

test("one who was asked and is silent is gone, one who answers stays, and nobody goes unasked", () => {
  const roster = new Roster();
  for (const [id, name] of [["a", "Ann"], ["b", "Bea"], ["c", "Cho"]]) roster.see(id, name, 0);
  for (const id of ["a", "b", "unknown"]) roster.ask(id, 100);
  roster.ask("b", 5000);
  roster.see("a", "Ann", 200);
  assert.deepEqual(roster.expire(100 + PATIENCE - 1), []);
  assert.deepEqual(roster.expire(100 + PATIENCE).map((person) => person.id), ["b"]);
  roster.expire(9 * SILENCE);
  assert.deepEqual(names(roster), ["Ann", "Cho"]);
});

test("after a time without a connection everyone is to be asked who does not speak first", () => {
  const roster = new Roster();
  for (const [id, name] of [["a", "Ann"], ["b", "Bea"]]) roster.see(id, name, 100);
  roster.ask("b", 100);
  roster.doubt(200);
  roster.see("a", "Ann", 201);
  assert.deepEqual(roster.expire(9 * PATIENCE), []);
  assert.deepEqual(roster.silent(202).map((person) => person.id), ["b"]);
});

test("one who takes another name stays one", () => {
  const roster = new Roster();
  roster.see("a", "Ann", 0);
  assert.equal(roster.see("a", "Anna", 0), "renamed");
  assert.deepEqual(names(roster), ["Anna"]);
});

test("one who leaves is gone, and leaving twice changes nothing", () => {
  const roster = new Roster();
  roster.see("a", "Ann", 0);
  assert.equal(roster.leave("a")?.name, "Ann");
  assert.equal(roster.leave("a"), undefined);
  assert.equal(roster.size, 0);
});

test("people are listed by name, and those of one name in a steady order", () => {
  const roster = new Roster();
  for (const [id, name] of [["3", "b"], ["2", "a"], ["1", "b"]]) roster.see(id, name, 0);
  assert.deepEqual(roster.list().map((person) => person.id), ["2", "1", "3"]);
});

test("a full roster takes nobody new but keeps whom it has", () => {
  const roster = new Roster();
  for (let n = 0; n < MOST; n += 1) roster.see(String(n), "x", 0);
  assert.equal(roster.see("one more", "x", 0), "full");
  assert.equal(roster.see("0", "x", 5), "known");
  assert.equal(roster.size, MOST);
});

test("a room of any size hears only so many signs of life in a second", () => {
  for (const people of [1, 200]) assert.equal(signPeriod(people), REFRESH);
  for (const people of [201, 500, MOST]) assert.equal((people * 1000) / signPeriod(people), SIGNS);
});

test("in a crowd, where signs are rare, one is silent later, and few are asked at once", () => {
  const roster = new Roster();
  for (let n = 0; n < 400; n += 1) roster.see(String(n), "x", 0);
  assert.equal(roster.period, 2 * REFRESH);
  assert.equal(roster.silent(2 * SILENCE).length, 0);
  assert.equal(roster.silent(2 * SILENCE + 1).length, ASKED);
});

test("answers spread over a longer time where there are many to give them", () => {
  assert.equal(answerDelay(2, 0), 0);
  assert.equal(answerDelay(2, 1), 300);
  assert.equal(answerDelay(200, 1), 5000);
});
