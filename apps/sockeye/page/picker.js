// What carries the connection, and the choice of it: one control that shows the one and offers the other.

import { find } from "./dom.js";
import { isTransport, TRANSPORTS } from "./ladder.js";

/** Which transport one wants, and which it is. */
export class Picker {
  #words;
  #select = find("#transport", HTMLSelectElement);

  /**
   * @param {import("./ladder.js").Pick} picked
   * @param {import("./i18n.js").Words} words
   * @param {(picked: import("./ladder.js").Pick) => void} onPick
   */
  constructor(picked, words, onPick) {
    this.#words = words;
    this.#select.replaceChildren(
      ...["auto", ...TRANSPORTS].map((name) => new Option(isTransport(name) ? words.say(name) : words.say("auto"), name)),
    );
    this.#select.value = picked;
    this.#select.addEventListener("change", () => {
      const { value } = this.#select;
      onPick(isTransport(value) ? value : "auto");
    });
  }

  /**
   * Says what carries it now, beside the choice to leave it to the page.
   * @param {import("./ladder.js").Transport | undefined} transport `undefined` if nothing does
   */
  show(transport) {
    const [auto] = this.#select.options;
    if (!auto) return;
    const isAuto = this.#select.value === "auto";
    const now = isAuto && transport && this.#words.say("autoNow", { transport: this.#words.say(transport) });
    auto.text = now || this.#words.say("auto");
  }
}
