// The two browsers, and how they are started.

import puppeteer from "puppeteer-core";

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @typedef {"chromium" | "firefox"} Kind */

/** @type {Kind[]} */
export const KINDS = ["chromium", "firefox"];

/**
 * Starts a browser, whose certificates nobody checks: the server's is its own.
 * @param {Kind} kind
 * @param {string} [language] as browsers write it
 */
export function launch(kind, language = "en-US") {
  const common = { headless: true, acceptInsecureCerts: true };
  if (kind === "firefox") {
    return puppeteer.launch({
      ...common,
      browser: "firefox",
      executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
      extraPrefsFirefox: { "intl.accept_languages": language },
    });
  }
  return puppeteer.launch({
    ...common,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...CHROMIUM_FLAGS, `--accept-lang=${language}`, `--lang=${language}`],
  });
}
