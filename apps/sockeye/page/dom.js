// A few words for making and finding elements. Whatever people wrote goes in as text, never as markup.

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * Finds an element that the page is known to have.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(selector, kind) {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * Puts the page's own words in the place of those it came with.
 * @param {import("./i18n.js").Words} words
 */
export function translate(words) {
  document.documentElement.lang = words.language;
  for (const [mark, put] of /** @type {[string, (item: Element, text: string) => void][]} */ ([
    ["data-text", (item, text) => (item.textContent = text)],
    ["data-label", (item, text) => item.setAttribute("aria-label", text)],
    ["data-placeholder", (item, text) => item.setAttribute("placeholder", text)],
  ])) {
    for (const item of document.querySelectorAll(`[${mark}]`)) {
      put(item, words.say(/** @type {import("./i18n.js").Key} */ (item.getAttribute(mark))));
    }
  }
}
