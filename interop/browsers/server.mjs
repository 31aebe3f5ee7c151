// The program, as a browser's test needs it: started, stopped in mid-talk, and started again on the same port.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { within } from "./deadline.mjs";

const running = new Set();
process.on("exit", () => running.forEach((server) => server.kill()));

/** A running `sockeye`. */
export class Server {
  /** What it logged so far. */
  log = "";
  /** @type {Set<() => void>} */
  #readers = new Set();

  /**
   * Starts the program, and waits until it says that it listens.
   * @param {{port?: number, flags?: string[], env?: Record<string, string>}} [options]
   */
  static async start({ port = 0, flags = [], env = {} } = {}) {
    const server = new Server();
    server.process = spawn(process.env.SOCKEYE, ["--listen", `127.0.0.1:${port}`, ...flags], {
      env: { ...process.env, RUST_LOG: "warn,sockeye=info,sockeye_server=debug", NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    server.ended = once(server.process, "exit");
    running.add(server.process);
    server.ended.then(() => running.delete(server.process));
    server.process.stderr.on("data", (data) => server.#logged(data));
    // Whatever fails: a server that is left over does not keep the tests from ending.
    server.process.unref();
    server.process.stderr.unref();
    server.process.stdout.unref();
    const lines = createInterface({ input: server.process.stdout });
    const [line] = await within("the server to listen", Promise.race([once(lines, "line"), server.ended]));
    const [, listens] = /^sockeye listens on .*:(\d+)$/.exec(String(line)) ?? [];
    if (!listens) throw new Error(`the server did not start: ${line}\n${server.log}`);
    server.port = Number(listens);
    return server;
  }

  /** Asks it to end, as an operator does, and waits for that. */
  async stop() {
    this.process.kill("SIGTERM");
    await within("the server to end", this.ended);
  }

  /**
   * Waits until the log holds something.
   * @param {RegExp} pattern
   */
  async logs(pattern) {
    const found = new Promise((resolve) => {
      const look = () => {
        if (pattern.test(this.log)) resolve(this.#readers.delete(look));
      };
      this.#readers.add(look);
      look();
    });
    await within(`the log to hold ${pattern}`, found).catch((error) => {
      throw new Error(`${error.message}; it holds\n${this.log}`);
    });
  }

  #logged(data) {
    this.log += data;
    for (const look of [...this.#readers]) look();
  }
}
