import assert from "node:assert/strict";
import { test } from "node:test";

import { flow, hue, initials, parts } from "../page/text.js";

const links = (text) => parts(text).filter((part) => part.href).map((part) => part.text);

test("addresses become links, and the sentence around them does not", () => {
  assert.deepEqual(links("see https://example.org/a?b=c#d, and http://x.y."), ["https://example.org/a?b=c#d", "http://x.y"]);
  assert.deepEqual(links("(https://a.b/c) https://a.b/c_(d)"), ["https://a.b/c", "https://a.b/c_(d)"]);
  assert.deepEqual(links("지도는 https://example.org/지도 에"), ["https://example.org/지도"]);
});

test("nothing but http and https becomes a link", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://a.b", "file:///etc", "xhttps://a", "https://", ""]) {
    assert.deepEqual(parts(text), [{ text }]);
  }
});

test("no character of a text is lost or changed", () => {
  for (const text of ["a https://b.c d", "https://b.c", "\n<b>https://b.c/</b>\n", "https://a.b\u202ehttps://c.d"]) {
    assert.equal(parts(text).map((part) => part.text).join(""), text);
  }
});

test("initials are one character or two, as the script has it", () => {
  const shown = [["Ada", "A"], ["marta oliveira", "MO"], ["Ann B. Cole", "AC"], ["민지", "민"], ["김 민지", "김"], ["👩‍💻 dev", "👩‍💻"], ["", ""]];
  for (const [name, sign] of shown) assert.equal(initials(name), sign);
});

test("a person's colour stays, and people differ", () => {
  assert.equal(hue("a1"), hue("a1"));
  const hues = new Set(Array.from({ length: 50 }, (_, n) => hue(`k${n}`)));
  assert.ok(hues.size > 40, String(hues.size));
  for (const one of hues) assert.ok(one >= 0 && one < 360);
});

test("messages in a row go together; a day, another speaker or a while parts them", () => {
  const at = (time, id = "a") => ({ id, at: new Date(`2026-05-01T${time}`) });
  assert.equal(flow(undefined, at("10:00")), "day");
  assert.equal(flow(at("10:00"), at("10:04")), "follows");
  assert.equal(flow(at("10:00"), at("10:05")), "speaker");
  assert.equal(flow(at("10:00"), at("10:01", "b")), "speaker");
  assert.equal(flow(at("10:00", ""), at("10:01", "")), "speaker");
  assert.equal(flow({ id: "a", at: new Date("2026-04-30T23:59") }, at("00:00")), "day");
});
