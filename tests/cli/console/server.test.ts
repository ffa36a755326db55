import assert from "node:assert/strict";
import { request } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { type CommandTarget, commandRunner } from "../../../cli/console/commands";
import { consoleState } from "../../../cli/console/console-state";
import { noticeSentence } from "../../../cli/console/notice-sentence";
import { payloadReader } from "../../../cli/console/payload-reader";
import { noticeText } from "../../../cli/console/poll";
import type { CommandResult, ItemKey, Payload } from "../../../cli/console/protocol";
import { consoleServer, listen } from "../../../cli/console/server";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const TOKEN = "a-token";
const LONG = "long ".repeat(4_000);

async function serve(readOnly?: string, redriving?: Promise<void>, isComplete = true) {
  const calls: string[] = [];
  const note = (call: string) => async (what: string) => void calls.push(`${call} ${what}`);
  const target: CommandTarget = {
    start: note("start"),
    stop: note("stop"),
    requestHandover: note("handover"),
    discard: note("discard"),
    redrive: async (object) => {
      calls.push(`redrive ${object}`);
      return { processed: 0, failed: 1, isComplete };
    },
    async redriveAll() {
      calls.push("redrive-all");
      await redriving;
      return { processed: 3, failed: 0, isComplete };
    },
  };
  const source = {
    eventData: async ({ partition, sort }: ItemKey) => (sort === "k" ? `${partition} ${LONG}` : undefined),
    failureData: async ({ object, number }: { object: string; number: number }) =>
      Buffer.from([0xff, number, object.length]),
  };
  const capabilities = { kind: "local", stack: "local", region: "us-east-1", write: true, unavailable: {} } as const;
  const state = consoleState(capabilities, Date.now);
  const base = { desired: "open", status: "open", live: true, declared: true, generation: 1, attempt: 0 } as const;
  state.streams("prices", "http://api", [{ ...base, streamId: "a", counters: ZERO_COUNTERS }]);
  const failure = { id: "f1", stream: "prices/a", key: "k", at: 1, attempts: 3, code: "E", message: "m" };
  state.failures("prices", [{ ...failure, object: "failures/a/k.json", number: 0, eventsInObject: 1 }]);
  const image = { streamId: { S: "a#3" }, key: { S: "k" }, d: { S: LONG }, q: { S: "1.1.1" }, r: { N: "90" } };
  for (const key of ["k", "expired"])
    state.event({
      kind: "stored",
      at: 100,
      instance: "prices",
      streamId: "a",
      key,
      image: { ...image, key: { S: key } },
    });
  const payload = payloadReader({ state, source: (name) => (name === "prices" ? source : undefined) });
  const commands = commandRunner({
    ...{ state, readOnly, targets: () => [target, target] },
    target: (name) => (name === "prices" ? target : undefined),
  });
  let tick = () => {};
  const every = (_ms: number, run: () => void) => {
    tick = run;
    return () => {};
  };
  const assets = async () => ({ script: "let page = 1", style: "body{}" });
  const server = consoleServer({ state, commands, payload, token: TOKEN, every, assets });
  const { origin, close } = await listen(server, 0);
  const authorization = `Bearer ${TOKEN}`;
  const command = async (name: string, body: unknown, headers: Record<string, string> = { authorization }) => {
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(`${origin}/console/commands/${name}`, init);
    return { status: response.status, ...((await response.json()) as { ok: boolean; code?: string; message: string }) };
  };
  return { calls, state, server, origin, close, command, tick: () => tick() };
}

/** A request with headers and a path that `fetch` does not allow. */
function statusOf(url: string, headers: Record<string, string>, path?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers, ...(path !== undefined && { path }) }, (response) => {
      response.destroy();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

/** The messages of an open page, one call each. */
async function openPage(origin: string) {
  const abort = new AbortController();
  const response = await fetch(`${origin}/console/events?token=${TOKEN}`, { signal: abort.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    next: async () => {
      while (!text.includes("\n\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The page was disconnected.");
        text += value;
      }
      const [first = "", ...rest] = text.split("\n\n");
      text = rest.join("\n\n");
      return JSON.parse(first.replace("data: ", ""));
    },
    close: () => abort.abort(),
  };
}

describe("the console's server", () => {
  let used: Awaited<ReturnType<typeof serve>>;
  afterEach(() => used.close());

  it("sends the page without a token, and allows its own script only", async () => {
    used = await serve();
    const response = await fetch(used.origin);
    assert.match(await response.text(), /let page = 1/);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; /);
    assert.doesNotMatch(policy, /unsafe/);
  });

  it("listens on one address of this machine only", async () => {
    used = await serve();
    const { port } = new URL(used.origin);
    await assert.rejects(fetch(`http://127.0.0.2:${port}/`), TypeError);
  });

  it("refuses data and commands without its token", async () => {
    used = await serve();
    for (const path of ["events", "events?token=other", "history", "history?token=a-token", "payload?event=prices/a"])
      assert.equal((await fetch(`${used.origin}/console/${path}`)).status, 401, path);
    const { status, code } = await used.command("stop", { stream: "prices/a" }, {});
    assert.deepEqual([status, code, used.calls], [401, "UNAUTHORIZED", []]);
  });

  it("refuses requests of other sites and under other host names", async () => {
    used = await serve();
    const { port } = new URL(used.origin);
    const url = `${used.origin}/console/events?token=${TOKEN}`;
    assert.equal(await statusOf(url, { host: `evil.example:${port}` }), 403);
    assert.equal(await statusOf(url, { origin: "http://evil.example" }), 403);
    assert.equal(await statusOf(url, { origin: `http://127.0.0.1:${Number(port) + 1}` }), 403);
    assert.equal(await statusOf(url, { "sec-fetch-site": "cross-site" }), 403);
    assert.equal(await statusOf(url, { origin: used.origin, "sec-fetch-site": "same-origin" }), 200);
  });

  it("leaves signed requests and other paths to the server that contains it", async () => {
    used = await serve();
    assert.equal(await statusOf(`${used.origin}/`, { authorization: "AWS4-HMAC-SHA256 Credential=x" }), 404);
    assert.equal(await statusOf(`${used.origin}/bucket/key`, {}), 404);
  });

  it("refuses a path that is not part of a URL, and goes on", async () => {
    used = await serve();
    assert.equal(await statusOf(used.origin, {}, "//"), 400);
    assert.equal(await statusOf(used.origin, {}), 200);
  });

  it("sends each page a snapshot and then the updates, and a snapshot again when it returns", async () => {
    used = await serve();
    const first = await openPage(used.origin);
    assert.equal((await first.next()).type, "snapshot");
    used.state.notice("n", "A notice.");
    used.tick();
    const update = await first.next();
    assert.deepEqual([update.type, update.notices[0].text], ["update", "A notice."]);
    first.close();
    const again = await openPage(used.origin);
    assert.equal((await again.next()).notices[0].text, "A notice.");
    again.close();
  });

  it("sends a page the changes that another page's snapshot contains already", async () => {
    used = await serve();
    const first = await openPage(used.origin);
    await first.next();
    used.state.notice("n", "A notice.");
    const second = await openPage(used.origin);
    assert.equal((await second.next()).notices.length, 1);
    assert.equal((await first.next()).notices.length, 1);
    first.close();
    second.close();
  });

  it("runs commands, and reports a redrive that failed again", async () => {
    used = await serve();
    for (const name of ["start", "stop", "handover"])
      assert.equal((await used.command(name, { stream: "prices/a" })).ok, true);
    const { code, message } = await used.command("redrive", { failure: "f1" });
    assert.deepEqual([code, message], ["FAILED_AGAIN", "1 of 1 events failed again."]);
    assert.equal((await used.command("discard", { failure: "f1" })).ok, true);
    const object = "failures/a/k.json";
    assert.deepEqual(used.calls, ["start a", "stop a", "handover a", `redrive ${object}`, `discard ${object}`]);
  });

  it("redrives the failures of all instances, while no other command for failures runs", async () => {
    let finish = () => {};
    const redriving = new Promise<void>((resolve) => {
      finish = resolve;
    });
    used = await serve(undefined, redriving);
    const running = used.command("redrive-all", {});
    while (used.calls.length === 0) await turn();
    const failure = { failure: "f1" };
    const others = [
      used.command("redrive", failure),
      used.command("discard", failure),
      used.command("redrive-all", {}),
    ];
    assert.deepEqual(
      (await Promise.all(others)).map(({ code }) => code),
      ["BUSY", "BUSY", "BUSY"],
    );
    finish();
    assert.equal((await running).message, "6 events processed and removed.");
    assert.equal((await used.command("discard", failure)).ok, true);
    assert.deepEqual(used.calls, ["redrive-all", "redrive-all", "discard failures/a/k.json"]);
  });

  it("refuses a redrive that an update of the stack interrupts, and redrives no other instance", async () => {
    used = await serve(undefined, undefined, false);
    const rest = "An update of the stack interrupted the command: run it again.";
    const all = await used.command("redrive-all", {});
    assert.deepEqual([all.ok, all.code, all.message], [false, "INTERRUPTED", `3 events processed. ${rest}`]);
    const one = await used.command("redrive", { failure: "f1" });
    assert.equal(one.message, `0 events processed, 1 failed again. ${rest}`);
    assert.deepEqual(used.calls, ["redrive-all", "redrive failures/a/k.json"]);
  });

  it("sends the whole payload of an event and of a failure that a page shows", async () => {
    used = await serve();
    const read = async (query: Record<string, string>) => {
      const url = `${used.origin}/console/payload?${new URLSearchParams(query)}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
      return { status: response.status, ...((await response.json()) as Payload & CommandResult) };
    };
    const shown = used.state.snapshot().events[0]?.payload;
    assert.deepEqual([shown?.cut, shown?.text.length, shown?.bytes], [true, 8_192, LONG.length]);
    assert.equal((await read({ event: "prices/a\nk" })).text, `a#3 ${LONG}`);
    assert.deepEqual(await read({ failure: "f1" }), {
      status: 200,
      text: "/wAR",
      encoding: "base64",
      bytes: 3,
      cut: false,
    });
    for (const query of [
      { event: "prices/a\nexpired" },
      { event: "prices/b\nk" },
      { failure: "f2" },
      { row: "f1" },
      {},
    ]) {
      const { status, code } = await read(query as Record<string, string>);
      assert.deepEqual([status, code], [404, "PAYLOAD_UNKNOWN"], JSON.stringify(query));
    }
  });

  it("refuses unknown commands, streams, failures and bodies", async () => {
    used = await serve();
    const codes = await Promise.all([
      used.command("delete", {}),
      used.command("stop", { stream: "prices/b" }),
      used.command("stop", "a".repeat(10_000)),
      used.command("redrive", { failure: "f2" }),
    ]);
    assert.deepEqual(
      codes.map(({ status, code }) => [status, code]),
      [
        [400, "COMMAND_UNKNOWN"],
        [400, "STREAM_UNKNOWN"],
        [400, "STREAM_UNKNOWN"],
        [400, "FAILURE_UNKNOWN"],
      ],
    );
    assert.deepEqual(used.calls, []);
  });

  it("runs no command when it only reads", async () => {
    used = await serve("Restart it with --write.");
    const { status, code, message } = await used.command("start", { stream: "prices/a" });
    assert.deepEqual([status, code, message, used.calls], [400, "READ_ONLY", "Restart it with --write.", []]);
  });

  it("names a port that is in use", async () => {
    used = await serve();
    const { port } = new URL(used.origin);
    await assert.rejects(
      listen(used.server, Number(port)),
      new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use\\. Pass another port with --port`),
    );
  });
});

describe("the notice of a failed read", () => {
  it("says what to do without credentials", () => {
    const error = Object.assign(new Error("Could not load credentials from any providers"), {
      name: "CredentialsProviderError",
    });
    assert.match(noticeText(error), /^cannot be read: No AWS credentials found\. Set/);
  });

  it("names the action that the credentials do not allow", () => {
    const error = Object.assign(
      new Error("User: x is not authorized to perform: logs:FilterLogEvents on resource: y"),
      {
        name: "AccessDeniedException",
      },
    );
    assert.equal(
      noticeSentence(noticeText(error), "the log of prices", "the log of orders", "the alarms of prices"),
      "The log of prices and 2 others cannot be read: your credentials do not allow logs:FilterLogEvents.",
    );
  });
});
