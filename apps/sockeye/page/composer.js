// Where one writes: the name, the message, and the files that are picked, pasted or dropped.

import { find } from "./dom.js";

/** How long a notice stays, in milliseconds. */
const NOTICE_TIME = 9000;

/**
 * @typedef {object} Actions what the person at the page asks for
 * @property {(text: string) => boolean} onSay returns whether it was taken
 * @property {(files: File[]) => void} onFiles
 * @property {(name: string) => string} onName returns the name as it is used
 */

/** The boxes one types in. */
export class Composer {
  #actions;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  #name = find("#name", HTMLInputElement);
  #message = find("#message", HTMLTextAreaElement);
  #file = find("#file", HTMLInputElement);
  #notice = find("#notice", HTMLElement);

  /**
   * @param {string} name
   * @param {Actions} actions
   */
  constructor(name, actions) {
    this.#actions = actions;
    this.#name.value = name;
    this.#listenToName();
    this.#listenToMessage();
    this.#listenToFiles();
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || isComposing(event)) return;
      this.#hideNotice();
      this.#message.focus();
    });
  }

  /** Puts the cursor into the message box. */
  focus() {
    this.#message.focus();
  }

  /**
   * Tells what did not work, or what was done for one.
   * @param {string} text
   */
  notice(text) {
    clearTimeout(this.#timer);
    this.#notice.textContent = text;
    this.#notice.hidden = false;
    this.#timer = setTimeout(() => this.#hideNotice(), NOTICE_TIME);
  }

  #hideNotice() {
    this.#notice.hidden = true;
  }

  #listenToName() {
    this.#name.addEventListener("change", () => {
      this.#name.value = this.#actions.onName(this.#name.value);
    });
    find("#name-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#message.focus();
    });
  }

  #listenToMessage() {
    const form = find("#say-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#message.value.trim() === "" || !this.#actions.onSay(this.#message.value)) return;
      this.#message.value = "";
      this.#fit();
      this.#message.focus();
    });
    this.#message.addEventListener("input", () => this.#fit());
    this.#message.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      form.requestSubmit();
    });
  }

  #listenToFiles() {
    find("#attach", HTMLButtonElement).addEventListener("click", () => this.#file.click());
    this.#file.addEventListener("change", () => {
      this.#actions.onFiles([...(this.#file.files ?? [])]);
      // The same file may be picked again.
      this.#file.value = "";
    });
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      this.#actions.onFiles(files);
    });
    this.#listenToDrops();
  }

  #listenToDrops() {
    const veil = find("#drop", HTMLElement);
    let depth = 0;
    const carriesFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    const show = (/** @type {number} */ to) => {
      depth = Math.max(0, to);
      veil.hidden = depth === 0;
    };
    addEventListener("dragenter", (event) => carriesFiles(event) && show(depth + 1));
    addEventListener("dragleave", (event) => carriesFiles(event) && show(depth - 1));
    addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      show(0);
      this.#actions.onFiles([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** Makes the message box as high as what is in it; the style sheet says how high at most. */
  #fit() {
    this.#message.style.height = "auto";
    this.#message.style.height = `${this.#message.scrollHeight + 2}px`;
  }
}

/**
 * Says whether a key belongs to a word that is still being put together, as Hangul and Kana are: Enter then ends the
 * word and does not send it. Safari reports the end of composing too early, and tells by key code 229 alone.
 * @param {KeyboardEvent} event
 */
function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
