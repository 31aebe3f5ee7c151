// What axe-core says of a page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Fails with what axe-core objects to.
 * @param {import("./person.mjs").Person} person
 * @param {string} where
 */
export async function objections(person, where) {
  await person.page.evaluate(axe);
  // What still fades in has the contrast of the moment. It is not waited for: a page that is not drawn, as those in
  // the background, never gets there by itself.
  await person.page.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity);
    for (const animation of ending) animation.finish();
  });
  const found = await person.page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document);
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
  });
  assert.deepEqual(found, [], where);
}
