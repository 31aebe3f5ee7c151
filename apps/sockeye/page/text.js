// Small questions about texts and people, with answers that are shown. Pure.

const LINK = /\bhttps?:\/\/[^\s<>"'`\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/giu;
/** What more often ends a sentence than an address. */
const TRAILING = /[.,;:!?)\]}»”’…。、]+$/u;

/**
 * Cuts a text into plain parts and links; nothing but http and https becomes a link.
 * @param {string} text
 * @returns {{text: string, href?: string}[]}
 */
export function parts(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = withoutTail(match[0]);
    if (!URL.canParse(shown)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: shown, href: new URL(shown).href });
    end = match.index + shown.length;
  }
  if (end < text.length || found.length === 0) found.push({ text: text.slice(end) });
  return found;
}

/**
 * Takes off what ends the sentence; a closing bracket stays where the address opened it.
 * @param {string} link
 */
function withoutTail(link) {
  const bare = link.replace(TRAILING, "");
  return link.at(bare.length) === ")" && bare.includes("(") ? `${bare})` : bare;
}

/**
 * Returns one or two characters that stand for a name: of a Korean or other short-written one the first.
 * @param {string} name
 * @returns {string}
 */
export function initials(name) {
  const words = name.split(/[\s_.-]+/u).filter((word) => word !== "");
  const [first = "", last = ""] = [words[0], words.length > 1 ? words.at(-1) : ""];
  const one = firstOf(first);
  const wide = /[\p{sc=Hangul}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{Extended_Pictographic}]/u.test(one);
  return wide ? one : (one + firstOf(last)).toUpperCase();
}

/** @param {string} word */
function firstOf(word) {
  // A flag or a family is one character to whoever reads it, and several to the machine.
  if ("Segmenter" in Intl) {
    for (const { segment } of new Intl.Segmenter().segment(word.slice(0, 32))) return segment;
  }
  return [...word][0] ?? "";
}

/**
 * Returns the colour of a person, as an angle.
 * @param {string} id
 * @returns {number} from 0 to 359
 */
export function hue(id) {
  let hash = 0x811c9dc5;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  // Ids that differ in their end alone differ in the low bits alone; this brings them up.
  return Math.floor(((Math.imul(hash, 0x9e3779b1) >>> 0) / 2 ** 32) * 360);
}

/** For how long one who goes on talking is not named again. */
const GROUP_TIME = 5 * 60_000;

/**
 * Says how a message goes on from the one above it.
 * @param {{id: string, at: Date} | undefined} above
 * @param {{id: string, at: Date}} next
 * @returns {"day" | "speaker" | "follows"}
 */
export function flow(above, next) {
  if (above?.at.toDateString() !== next.at.toDateString()) return "day";
  const same = next.id !== "" && above.id === next.id && next.at.getTime() - above.at.getTime() < GROUP_TIME;
  return same ? "follows" : "speaker";
}
