// One message as it is seen: a text, a picture, a file, or bytes of another client.

import { element } from "./dom.js";
import { isPicture } from "./frame.js";
import { hue, initials, parts } from "./text.js";

/**
 * @typedef {import("./i18n.js").Words} Words
 *
 * @typedef {object} Entry what is shown
 * @property {string} id of who said it; empty if unknown
 * @property {string} name
 * @property {Date} at
 * @property {"mine" | "theirs"} side
 * @property {string} [key] tells it from others, if it waits to be heard
 * @property {string} [text]
 * @property {Attachment} [file]
 *
 * @typedef {{name: string, kind: string, bytes: Uint8Array<ArrayBuffer>}} Attachment an unnamed one is someone's raw bytes
 *
 * @typedef {{item: HTMLElement, url?: string, bytes: number}} Shown `url` is to be revoked when it goes
 */

/**
 * Makes the elements of a message.
 * @param {Entry} entry
 * @param {"speaker" | "follows" | "day"} flow
 * @param {Words} words
 * @param {() => void} onRetry
 * @returns {Shown}
 */
export function show(entry, flow, words, onRetry) {
  const item = element("article", `message ${entry.side}`);
  item.classList.toggle("follows", flow === "follows");
  item.style.setProperty("--hue", String(hue(entry.id)));
  item.classList.toggle("unknown", entry.id === "");
  const url = entry.file && URL.createObjectURL(blobOf(entry.file));
  const body = element("div", "body");
  const content = entry.file && url ? attachment(item, entry.file, url, words) : said(item, entry.text ?? "");
  body.append(byline(entry, words), content, foot(item, entry, words, onRetry));
  item.append(avatar(entry), body);
  return { item, ...(url ? { url } : {}), bytes: entry.file?.bytes.length ?? 0 };
}

/**
 * Sets and tells whether a message was heard.
 * @param {HTMLElement} item
 * @param {"waiting" | "sent" | "failed"} state
 * @param {Words} words
 */
export function mark(item, state, words) {
  item.dataset.state = state;
  const sign = item.querySelector(".state");
  const key = /** @type {const} */ ({ waiting: "stateWaiting", sent: "stateSent", failed: "stateFailed" })[state];
  if (sign) sign.textContent = words.say(key);
  const again = item.querySelector(".again");
  if (again instanceof HTMLElement) again.hidden = state !== "failed";
}

/**
 * Makes the sign of a person.
 * @param {{id: string, name: string}} person
 */
export function avatar({ id, name }) {
  const sign = element("span", "avatar", id === "" ? "?" : initials(name));
  sign.style.setProperty("--hue", String(hue(id)));
  sign.setAttribute("aria-hidden", "true");
  return sign;
}

/** Nothing but a known kind of picture keeps its type: what is saved or shown can run nothing. @param {Attachment} file */
function blobOf(file) {
  return new Blob([file.bytes], { type: isPicture(file.kind) ? file.kind : "application/octet-stream" });
}

/**
 * @param {Entry} entry
 * @param {Words} words
 */
function byline({ name, at }, words) {
  const line = element("p", "by");
  const time = element("time", "", words.time(at));
  time.dateTime = at.toISOString();
  line.append(element("bdi", "", name), " ", time);
  return line;
}

/**
 * @param {HTMLElement} item
 * @param {string} text
 */
function said(item, text) {
  item.dataset.kind = "text";
  const bubble = element("p", "bubble text");
  bubble.dir = "auto";
  for (const part of parts(text)) {
    if (part.href === undefined) {
      bubble.append(part.text);
      continue;
    }
    const link = element("a", "", part.text);
    link.href = part.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    bubble.append(link);
  }
  return bubble;
}

/**
 * @param {HTMLElement} item
 * @param {Attachment} file
 * @param {string} url
 * @param {Words} words
 */
function attachment(item, file, url, words) {
  if (!isPicture(file.kind)) {
    item.dataset.kind = file.name === "" ? "bytes" : "file";
    return card(file, url, words);
  }
  item.dataset.kind = "image";
  const figure = element("figure", "picture");
  const image = element("img");
  image.alt = words.say("picture", { file: file.name });
  image.decoding = "async";
  // What calls itself a picture and is none is a file like others.
  image.addEventListener("error", () => image.remove(), { once: true });
  image.src = url;
  figure.append(image, card(file, url, words));
  return figure;
}

/**
 * @param {Attachment} file
 * @param {string} url
 * @param {Words} words
 */
function card(file, url, words) {
  const name = file.name === "" ? words.say("binary") : file.name;
  const size = words.size(file.bytes.length);
  const link = element("a", "card");
  link.href = url;
  link.download = file.name === "" ? "message.bin" : file.name;
  link.append(element("span", "unseen", `${words.say("download")} `));
  const facts = element("span", "facts");
  const kind = file.kind === "" || file.kind === "application/octet-stream" ? "" : `${file.kind} · `;
  facts.append(element("bdi", "file-name", name), " ", element("span", "file-kind", `${kind}${size}`));
  const sign = element("span", "arrow", "↓");
  sign.setAttribute("aria-hidden", "true");
  link.append(facts, sign);
  return link;
}

/**
 * @param {HTMLElement} item
 * @param {Entry} entry
 * @param {Words} words
 * @param {() => void} onRetry
 */
function foot(item, entry, words, onRetry) {
  const line = element("p", "state-line");
  if (entry.side !== "mine") return line;
  const again = element("button", "again", words.say("sendAgain"));
  again.type = "button";
  again.addEventListener("click", onRetry);
  line.append(element("span", "state"), again);
  item.append(line);
  mark(item, "waiting", words);
  return line;
}
