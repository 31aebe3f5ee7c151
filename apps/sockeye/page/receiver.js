// One response of the server, over which frames come: a stream, server-sent events, or the answer to a poll.
//
// It tells each frame as text, and once how it ended: `ended` in good order, and there is more to receive, or `lost`.

import { Lines } from "./wire.js";

/**
 * @typedef {object} Receiving
 * @property {(frame: string) => void} onFrame
 * @property {(how: "ended" | "lost") => void} onEnd
 *
 * @typedef {object} Browser
 * @property {(url: string, init: RequestInit) => Promise<Response>} fetch
 * @property {(url: string) => EventSource} eventSource
 *
 * @typedef {(session: string, browser: Browser, receiving: Receiving) => () => void} Receive returns what stops it
 */

/** @type {Record<Exclude<import("./ladder.js").Transport, "websocket">, Receive>} */
export const RECEIVE = {
  "xhr-streaming": (session, browser, receiving) => post(`${session}/xhr_streaming`, browser, receiving),
  "xhr-polling": (session, browser, receiving) => post(`${session}/xhr`, browser, receiving),
  eventsource,
};

/** @type {Receive} */
function post(url, browser, { onFrame, onEnd }) {
  const stopped = new AbortController();
  const { signal } = stopped;
  read()
    .then((frames) => !signal.aborted && onEnd(frames > 0 ? "ended" : "lost"))
    .catch(() => !signal.aborted && onEnd("lost"));
  return () => stopped.abort();

  async function read() {
    const response = await browser.fetch(url, { method: "POST", cache: "no-store", signal });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const [reader, decoder, lines] = [response.body.getReader(), new TextDecoder(), new Lines()];
    for (let frames = 0; ; ) {
      const { done, value } = await reader.read();
      if (done) return frames;
      for (const line of lines.push(decoder.decode(value, { stream: true }))) {
        // What comes after it was stopped is nobody's.
        if (signal.aborted) return frames;
        onFrame(line);
        frames += 1;
      }
    }
  }
}

/** @type {Receive} */
function eventsource(session, browser, { onFrame, onEnd }) {
  const source = browser.eventSource(`${session}/eventsource`);
  let frames = 0;
  source.onmessage = ({ data }) => {
    frames += 1;
    onFrame(unescaped(data));
  };
  // The end of a response is told as an error, too. It would come back by itself, but only after seconds.
  source.onerror = () => {
    stop();
    onEnd(frames > 0 ? "ended" : "lost");
  };
  const stop = () => {
    source.onmessage = source.onerror = null;
    source.close();
  };
  return stop;
}

/**
 * SockJS sends a per cent sign as `%25` here; a server that does not is understood as well.
 * @param {string} data
 */
function unescaped(data) {
  try {
    return decodeURIComponent(data);
  } catch {
    return data;
  }
}
