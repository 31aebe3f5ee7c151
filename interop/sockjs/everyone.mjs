// All transports of all browsers in one talk.

import assert from "node:assert/strict";
import { test } from "node:test";
import { transports } from "./transports.mjs";
import { Visitor } from "./visitor.mjs";

/** A browser opens six connections a host, and a stream keeps one; sends need some, too. */
const A_PAGE = 3;

/**
 * @param {Map<string, import("puppeteer-core").Browser>} browsers
 * @param {{target: {origin: string}, site: {origin: string}}} hosts
 */
export function everyone(browsers, { target, site }) {
  const url = `${target.origin}/broadcast`;

  test("clients of all transports, origins and browsers hear each other, in each one's order", async (t) => {
    const rooms = [...browsers].flatMap(([kind, browser]) =>
      ["own", "foreign"].flatMap((where) => pages(transports(where)).map((some) => ({ kind, browser, where, some }))));
    const callers = await Promise.all(rooms.map(async ({ kind, browser, where, some }) => {
      const visitor = await Visitor.at(browser, where === "own" ? `${url}/` : site.origin, site.origin);
      t.after(() => visitor.leaves());
      return Promise.all(some.map(async (transport) => {
        const caller = await visitor.connects(url, transport);
        return { caller, said: [1, 2].map((number) => `${kind} ${where} ${transport}: ${number}`) };
      }));
    }));

    const all = callers.flat();
    const expected = all.flatMap(({ said }) => said).sort();
    await Promise.all(all.map(({ caller, said }) => caller.says(...said)));
    await Promise.all(all.map(async ({ caller, said: [name] }) => {
      const heard = await caller.hears(expected.length);
      assert.deepEqual([...heard].sort(), expected, name);
      for (const { said } of all) {
        assert.deepEqual(heard.filter((text) => said.includes(text)), said, name);
      }
    }));
  });
}

/** @param {string[]} names */
function pages(names) {
  return names.length === 0 ? [] : [names.slice(0, A_PAGE), ...pages(names.slice(A_PAGE))];
}
