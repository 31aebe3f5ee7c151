// The page at /say in real browsers.
//
// BROWSER=chromium|firefox judges in that one alone.

import { after, describe } from "node:test";
import { KINDS, launch } from "./browser.mjs";
import { craft } from "./craft.mjs";
import { losses } from "./losses.mjs";
import { reach } from "./reach.mjs";
import { talk } from "./talk.mjs";
import { transports } from "./transports.mjs";

const kinds = KINDS.filter((kind) => [undefined, kind].includes(process.env.BROWSER));
const browsers = new Map(await Promise.all(kinds.map(async (kind) => [kind, await launch(kind)])));

// Most of the time they wait, so both browsers do at once.
describe("/say", { concurrency: browsers.size }, () => {
  for (const [kind, browser] of browsers) {
    describe(kind, { concurrency: 1 }, () => {
      talk(kind, browser);
      transports(kind, browser);
      losses(kind, browser);
      reach(browser);
      craft(browser);
      after(() => browser.close());
    });
  }
});
