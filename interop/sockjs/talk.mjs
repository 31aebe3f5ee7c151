// What every transport must carry, from the server's own origin and from another one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { transports } from "./transports.mjs";
import { Visitor } from "./visitor.mjs";

/** What one of the transports writes in another way, or may not carry at all. */
const TRICKY = [
  "",
  "\u0000\u0001\b\t\n\u000b\f\r\u001f\u007f",
  "\u2028 \u2029 \u200b \ufeff \ufffe \uffff",
  "%",
  "100% %zz %41 %2F %25 %E0%A4 &d=[]+",
  "</script><script>document.title='broken'</script>",
  "<!-- <script> --> ]]> <!--",
  '"\'\\/ \\u0041 \\" `${}`',
  "data: x\r\n\r\nid: 7\nevent: open",
  "안녕 🐟 👩‍👩‍👧‍👦",
  "o", "h", "a[]", 'c[3000,"no"]', "[]", "null",
];

/** Every character of the BMP, once. */
const BMP = Array.from({ length: 0x10000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCharCode(code))
  .join("");

/** Of every later plane the first and the last character and some between. */
const ASTRAL = Array.from({ length: 0x1000 }, (_, step) => String.fromCodePoint(0x10000 + step * 0x100))
  .concat("\u{1ffff}", "\u{1f41f}", "\u{10ffff}")
  .join("");

/** The client takes the functions away that a frame of its calls, and a frame that comes just then says so. */
const LATE_FRAME = /reading 'start'/;

const NUMBERED = Array.from({ length: 1000 }, (_, number) => `message ${number}`);

/** Of 128 KiB, and no part of it is like another: what is cut, doubled or mixed up is seen. */
const LARGE = Array.from({ length: (128 << 10) / 8 }, (_, at) => String(at).padStart(7, "0").concat(";")).join("");

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {import("./transports.mjs").Where} where
 * @param {{target: {origin: string}, site: {origin: string}}} hosts
 */
export function talk(browser, where, { target, site }) {
  const page = { own: `${target.origin}/echo/`, foreign: site.origin }[where];
  const echo = `${target.origin}/echo`;

  for (const transport of transports(where)) {
    test(`${transport} from ${where} origin carries everything`, async (t) => {
      const visitor = await Visitor.at(browser, page, site.origin);
      t.after(() => visitor.leaves());

      const one = await visitor.connects(echo, transport);
      same(await one.echoes(...TRICKY), TRICKY);
      same(await one.echoes(BMP, ASTRAL), [BMP, ASTRAL]);
      same(await one.echoes("\ud800 \udc00\ud800"), ["\ufffd \ufffd\ufffd"]);
      assert.equal(await visitor.page.title(), where === "own" ? "" : "elsewhere");

      const two = await visitor.connects(echo, transport);
      const heard = await Promise.all([one.echoes(...NUMBERED), two.echoes(LARGE, "한 줄", LARGE)]);
      same(heard[0], NUMBERED);
      same(heard[1], [LARGE, "한 줄", LARGE]);

      assert.deepEqual(await two.closes(4001, "moved on"), { code: 4001, reason: "moved on", wasClean: true });
      same(await one.echoes("still here"), ["still here"]);
      assert.equal((await one.closes()).code, 1000);

      const large = await visitor.connects(`${target.origin}/amplify`, transport);
      same(await large.echoes("17", "1", "18"), [17, 1, 18].map((power) => "x".repeat(2 ** power)));
      await large.closes();

      const left = await visitor.connects(`${target.origin}/close`, transport);
      assert.deepEqual(await left.closed(), { code: 3000, reason: "Go away!", wasClean: true });
      visitor.isContent(transport === "htmlfile" ? LATE_FRAME : undefined);
    });
  }
}

/** Says where two lists of texts differ: each in full would fill the screen. */
function same(heard, said) {
  const around = (text, at) => JSON.stringify(text?.slice(Math.max(0, at - 8), at + 8));
  said.forEach((text, number) => {
    if (heard[number] === text) return;
    let at = 0;
    while (at < text.length && heard[number]?.[at] === text[at]) at += 1;
    const code = text.charCodeAt(at).toString(16);
    assert.fail(`message ${number} differs at ${at} (U+${code}): ${around(heard[number], at)}, not ${around(text, at)}`);
  });
  assert.equal(heard.length, said.length);
}
