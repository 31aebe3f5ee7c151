// Takes the pictures of the page that the READMEs show, into docs/screenshots: three people talk, two of them are seen.
//
//   SOCKEYE=target/debug/sockeye node interop/browsers/screenshots.mjs [FOLDER]
//
// interop/run installs what this needs. Names, colours, times and words are the same each time; the round trip is not.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { DESK, PHONE, Person } from "./person.mjs";
import { landscape } from "./picture.mjs";
import { Server } from "./server.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../docs/screenshots", import.meta.url));
const DAY = Date.UTC(2026, 4, 14, 17, 42);
const PICTURE = "picture";

/** Who says what, at which minute. */
const TALKS = {
  en: {
    suffix: "",
    names: { mina: "Mina 민아", jonas: "Jonas", aoife: "Aoife" },
    lines: [
      [0, "jonas", "Evening! Is the river trip still on for Saturday?"],
      [1, "mina", "Yes. 8:30 at the old bridge 🐟"],
      [1, "aoife", "I can bring two paddles and a thermos of tea"],
      [3, "mina", PICTURE],
      [3, "mina", "Taken yesterday, just below the weir"],
      [4, "jonas", "와, 정말 예쁘네요!"],
      [5, "aoife", "Oh, that light. The salmon are back too, see https://example.com/river"],
      [6, "mina", "그럼 토요일에 봐요 👋"],
    ],
  },
  "ko-KR": {
    suffix: "-ko",
    names: { mina: "민아", jonas: "Jonas", aoife: "서준" },
    lines: [
      [0, "jonas", "안녕하세요! 토요일에 강에 가는 거 맞죠?"],
      [1, "mina", "네, 8시 반에 옛 다리 앞에서 만나요 🐟"],
      [1, "aoife", "저는 노 두 개랑 따뜻한 차를 챙겨 갈게요"],
      [3, "mina", PICTURE],
      [3, "mina", "어제 둑 아래에서 찍었어요"],
      [4, "jonas", "Wow, what a light!"],
      [5, "aoife", "연어도 돌아왔대요. https://example.com/river"],
      [6, "mina", "그럼 토요일에 봐요 👋"],
    ],
  },
};

await mkdir(folder, { recursive: true });
for (const [language, talk] of Object.entries(TALKS)) await take(language, talk);

async function take(language, { suffix, names, lines }) {
  const browser = await launch("chromium", language);
  const server = await Server.start();
  const files = await mkdtemp(join(tmpdir(), "sockeye-"));
  const picture = join(files, "weir.png");
  await writeFile(picture, landscape(720, 330));
  const viewports = { mina: { ...DESK, deviceScaleFactor: 2 }, jonas: DESK, aoife: { ...PHONE, deviceScaleFactor: 2 } };
  const people = {};
  let seed = 7;
  for (const [who, name] of Object.entries(names)) {
    const before = still(seed++);
    people[who] = await Person.at(browser, `http://localhost:${server.port}/say`, { name, viewport: viewports[who], before });
  }
  for (const person of Object.values(people)) await person.counts(3);
  let pictures = 0;
  for (const [minute, who, text] of lines) {
    for (const { page } of Object.values(people)) await page.evaluate((now) => globalThis.moveTo(now), DAY + minute * 60_000);
    if (text === PICTURE) {
      pictures += 1;
      await (await people[who].finds("#file")).uploadFile(picture);
    } else {
      await people[who].says(text);
    }
    for (const person of Object.values(people)) {
      if (text === PICTURE) await painted(person, pictures);
      else await person.hears(text);
    }
  }
  for (const [name, person] of [["desktop", people.mina], ["phone", people.aoife]]) {
    await person.none('#log [data-state="waiting"]');
    for (const scheme of ["light", "dark"]) {
      await person.page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: scheme },
        { name: "prefers-reduced-motion", value: "reduce" },
      ]);
      await person.page.evaluate(() => {
        document.activeElement?.blur();
        document.querySelector("#log").scrollTop = 1e6;
      });
      const path = join(folder, `${name}-${scheme}${suffix}.png`);
      await person.page.screenshot({ path });
      console.log(path);
    }
  }
  await rm(files, { recursive: true });
  await browser.close();
  await server.stop();
}

/** Makes chance and the time of day the same in each run. */
function still(seed) {
  return async (page) => {
    await page.emulateTimezone("Europe/Dublin");
    await page.evaluateOnNewDocument(
      (start, first) => {
        let now = start;
        globalThis.moveTo = (to) => (now = to);
        const RealDate = Date;
        globalThis.Date = class extends RealDate {
          constructor(...given) {
            super(...(given.length > 0 ? given : [now]));
          }
          static now() {
            return now;
          }
        };
        let state = Math.imul(first, 0x9e3779b1);
        crypto.getRandomValues = (array) => {
          for (let n = 0; n < array.length; n++) {
            state = (state + 0x6d2b79f5) | 0;
            const mixed = Math.imul(state ^ (state >>> 15), state | 1);
            array[n] = (mixed ^ (mixed >>> 14)) >>> 8;
          }
          return array;
        };
      },
      DAY,
      seed,
    );
  };
}

async function painted({ page }, count) {
  await page.waitForFunction(
    (wanted) => [...document.querySelectorAll('#log [data-kind="image"] img')].filter((image) => image.naturalWidth > 0).length === wanted,
    {},
    count,
  );
}
