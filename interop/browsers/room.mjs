// A server for one test, and those who come to its page.

import { Person } from "./person.mjs";
import { Server } from "./server.mjs";

/**
 * Starts a server that ends with the test, after those at its page have left.
 * @param {import("node:test").TestContext} t
 * @param {import("puppeteer-core").Browser} browser
 * @param {Parameters<typeof Server.start>[0]} [options]
 */
export async function room(t, browser, options) {
  const server = await Server.start(options);
  /** @type {Person[]} */
  const people = [];
  t.after(async () => {
    await Promise.all(people.map((person) => person.leaves()));
    await server.stop();
  });
  const join = async (
    name,
    { host = "localhost", port = server.port, scheme = "http", browser: own = browser, ...rest } = {},
  ) => {
    const person = await Person.at(own, `${scheme}://${host}:${port}/say`, { name, ...rest });
    people.push(person);
    return person;
  };
  return { server, join };
}
