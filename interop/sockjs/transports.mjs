// Which of its transports the client can use where.

/** Those that the client names. It has two more, xdr-streaming and xdr-polling, for Internet Explorer 8 and 9. */
const ANYWHERE = [
  "websocket",
  "xhr-streaming",
  "eventsource",
  "iframe-eventsource",
  "iframe-htmlfile",
  "xhr-polling",
  "iframe-xhr-polling",
  "jsonp-polling",
];

/** @typedef {"own" | "foreign"} Where the page's origin is the server's, or another one */

/**
 * @param {Where} where
 * @returns {string[]}
 */
export function transports(where) {
  // The page and the htmlfile in its iframe call each other, which only those of one origin may.
  return where === "own" ? ["htmlfile", ...ANYWHERE] : ANYWHERE;
}
