// A file of tests that is done ends, whatever is left over.

import { after } from "node:test";

/** How long after the last test a connection or a process may keep the file from ending, in milliseconds. */
const GRACE = 5_000;

/** To be called once in a file: it ends soon after its last test, and says what would have held it. */
export function endsWithItsTests() {
  after(() => {
    setTimeout(() => {
      console.error(`all tests are done, but these are left: ${process.getActiveResourcesInfo().join(", ")}`);
      process.exit();
    }, GRACE).unref();
  });
}
