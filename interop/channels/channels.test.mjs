// The Centrifuge SDKs against the program: that for JavaScript over each of its ways, those for Python and the JVM.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import assert from "node:assert/strict";
import { Server } from "../browsers/server.mjs";
import { WAYS } from "./client.mjs";
import { config } from "./config.mjs";
import { durable } from "./durable.mjs";
import { people, token } from "./people.mjs";
import { streams } from "./streams.mjs";
import { talk } from "./talk.mjs";

const KEY = "interop";
const folder = await mkdtemp(join(tmpdir(), "sockeye-channels-"));

/** Starts the program with its file of publications at a place of its own. */
async function start(name, port = 0) {
  const file = join(folder, `${name}.toml`);
  await writeFile(file, config({ key: KEY, broker: join(folder, `${name}.db`) }));
  const server = await Server.start({ port, flags: ["--config", file] });
  server.host = `127.0.0.1:${server.port}`;
  server.api = async (method, body) => {
    const response = await fetch(`http://${server.host}/api/${method}`, {
      method: "POST",
      headers: { "X-API-Key": KEY },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200);
    const { error, result } = await response.json();
    assert.equal(error, undefined);
    return result;
  };
  return server;
}

/** Runs a judge that is another program; what it says is shown if it fails. */
async function judge(command, env) {
  const judging = spawn(command[0], command.slice(1), { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  judging.stdout.on("data", (data) => (said += data));
  const [status] = await once(judging, "close");
  assert.equal(status, 0, `\n${said}`);
}

const server = await start("all");

describe("channels", { concurrency: 4 }, () => {
  for (const way of Object.keys(WAYS)) {
    talk(way, server);
    streams(way, server);
    people(way, server);
  }
  durable((port) => start("durable", port));

  it("carry the SDK for Python", () =>
    judge([process.env.INTEROP_PYTHON, new URL("judge.py", import.meta.url).pathname], { INTEROP_HOST: server.host }));

  it("carry the SDK for Android and the JVM", async () =>
    judge(["java", "-XX:TieredStopAtLevel=1", "-cp", process.env.INTEROP_JVM, "Judge"], {
      INTEROP_HOST: server.host,
      INTEROP_TOKEN_ONE: await token({ sub: "one" }),
      INTEROP_TOKEN_TWO: await token({ sub: "two" }),
      INTEROP_TOKEN_CHANNELS: await token({ sub: "three", channels: ["open:jvm-token"] }),
    }));

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });
});
