// The SockJS client in real browsers, over every transport that it has there.
//
// BROWSER=chromium|firefox judges in that one alone.

import { after, describe } from "node:test";
import { KINDS, launch } from "../browsers/browser.mjs";
import { cookies } from "./cookies.mjs";
import { everyone } from "./everyone.mjs";
import { fallback } from "./fallback.mjs";
import { losses } from "./losses.mjs";
import { origins } from "./origins.mjs";
import { startSite, startTarget } from "./target.mjs";
import { talk } from "./talk.mjs";

const kinds = KINDS.filter((kind) => [undefined, kind].includes(process.env.BROWSER));
const browsers = new Map(await Promise.all(kinds.map(async (kind) => [kind, await launch(kind)])));
const site = await startSite();
const target = await startTarget(`${site.origin}/sockjs.js`);
const hosts = { site, target };

// Most of the time they wait, so several pages of both browsers do at once.
describe("SockJS", { concurrency: browsers.size }, () => {
  for (const [kind, browser] of browsers) {
    describe(kind, { concurrency: 4 }, () => {
      for (const where of ["own", "foreign"]) {
        talk(browser, where, hosts);
        cookies(browser, where, hosts);
      }
      losses(browser, hosts);
      fallback(browser, hosts);
      origins(browser, hosts);
    });
  }
});

describe("SockJS, all at once", () => {
  everyone(browsers, hosts);
  after(async () => {
    await Promise.all([...browsers.values()].map((browser) => browser.close()));
    site.stop();
    target.stop();
  });
});
