import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { ConnectionView } from "../../runtime/control/api/view";
import { body, lines, startUpstream, status, ticking, type Upstream } from "../fakes/upstream";
import { eventually } from "../local/event-log";
import { deployLocally, type LocalDeployment } from "./local-deployment";
import { type Call, signedFetch } from "./signed-fetch";

/** `feed` resumes with Last-Event-ID, `positions` with a header whose value is in the upstream's events. */
const PROGRAM = `
const source = { url: config.requireSecret("url"), path: "/feed/{streamId}", key: config.requireSecret("key") };
const processor = { entry: "./processor.ts" };
new StreamIngestion("feed", { source, processor });
new StreamIngestion("positions", {
  source: { ...source, resume: { kind: "header", name: "x-position", pointer: "/position" } },
  processor,
});`;

const MB = 1024 * 1024;

describe("a hostile upstream, on the local stack", () => {
  let upstream: Upstream;
  let deployment: LocalDeployment;

  before(async () => {
    upstream = await startUpstream();
    deployment = await deployLocally({
      program: PROGRAM,
      secrets: { url: upstream.url, key: "hunter2" },
      hopSeconds: 30,
    });
  });

  after(async () => {
    await deployment?.close();
    await upstream?.close();
  });

  async function ask(method: string, streamId: string, instance = "feed"): ReturnType<typeof signedFetch> {
    const { cloud, instances } = deployment.stack;
    const { apiUrl } = instances.find(({ name }) => name === instance)!;
    const call: Call = {
      credentials: cloud.operator,
      region: cloud.region,
      method,
      url: `${apiUrl}/connections/${streamId}`,
    };
    const answer = await signedFetch(call);
    // As its message says: a busy machine answers late.
    return (answer.body as { code?: string }).code === "UNAVAILABLE" ? ask(method, streamId, instance) : answer;
  }

  /** Starts a stream, waits until its row meets the condition, and stops it. */
  async function watch(streamId: string, what: string, condition: (row: ConnectionView) => boolean, instance = "feed") {
    assert.equal((await ask("POST", streamId, instance)).status, 202);
    try {
      return await eventually(what, async () => {
        const { body } = await ask("GET", streamId, instance);
        return condition(body) ? (body as ConnectionView) : undefined;
      });
    } finally {
      await ask("DELETE", streamId, instance);
    }
  }

  afterEach("no hop failed or was killed", () => {
    const bad = deployment.events.filter(
      (e) => e.kind === "invocation" && ["error", "timeout", "killed"].includes(e.phase),
    );
    assert.deepEqual(bad, []);
  });

  it("receives the id as one encoded path segment", async () => {
    upstream.on("user%40host%3A1", ticking("e"));
    await watch("user@host:1", "an event", ({ counters }) => counters.stored > 0);
    assert.equal(upstream.requestsOf("user%40host%3A1")[0]!.url, "/feed/user%40host%3A1");
  });

  it("cannot have the key sent to another host by a redirect", async () => {
    const other = await startUpstream(lines("{}\n"));
    const location = `${other.url.replace("127.0.0.1", "localhost")}/steal`;
    try {
      upstream.on("redirect", status(307, { location }));
      const row = await watch("redirect", "an error", ({ lastError }) => lastError !== undefined);
      assert.match(row.lastError!.message, /./);
      assert.ok(other.requests.length > 0, "the redirect is followed");
      for (const { url, rawHeaders } of other.requests) assert.doesNotMatch(`${url} ${rawHeaders}`, /hunter2/);
    } finally {
      await other.close();
    }
  });

  it("cannot fill memory with a decompression bomb: the events are refused and counted", async () => {
    const lines = Buffer.alloc(16 * MB, `${"a".repeat(2 * MB - 1)}\n`);
    const bomb = gzipSync(Buffer.concat([lines, lines, lines, lines, Buffer.alloc(64 * MB, "b")]));
    assert.ok(bomb.length < MB, "the compressed body is small");
    upstream.on("bomb", body("application/x-ndjson", bomb, "end", { "content-encoding": "gzip" }));
    const row = await watch("bomb", "all events refused", ({ counters }) => counters.refused >= 33);
    assert.equal(row.counters.stored, 0);
  });

  it("cannot nest decompressors without limit", async () => {
    upstream.on("piled", body("application/x-ndjson", "{}\n", "end", { "content-encoding": "br,".repeat(4_000) }));
    const row = await watch("piled", "its failure", ({ status }) => status === "failed");
    assert.match(row.lastError!.message, /at most 3 values in the source's content-encoding, got 4001/);
  });

  it("cannot block a hop or its stop with a missing or a very slow response head", async () => {
    upstream.on("mute", () => {});
    upstream.on("slow-headers", (response) => {
      response.socket!.write("HTTP/1.1 200 OK\r\nx-slow: ");
      const timer = setInterval(() => response.socket!.write("a"), 100);
      response.socket!.on("close", () => clearInterval(timer));
    });
    const watchNextHopAndStop = async (streamId: string) => {
      await watch(streamId, "the next hop", ({ generation }) => generation >= 2);
      await eventually("its end", async () => ((await ask("GET", streamId)).body.live ? undefined : true));
    };
    await Promise.all(["mute", "slow-headers"].map(watchNextHopAndStop));
  });

  it("cannot fill memory with headers", async () => {
    upstream.on("large-headers", (response) => {
      response.socket!.on("error", () => {});
      response.socket!.write(`HTTP/1.1 200 OK\r\nx-large: ${"a".repeat(10 * MB)}\r\n\r\n`);
    });
    await watch("large-headers", "an error", ({ lastError }) => lastError !== undefined);
  });

  it("cannot fill memory with one endless event: it is refused and counted, and the stream continues", async () => {
    upstream.on("endless", lines(`${"a".repeat(20 * MB)}\n{"after":1}\n`, "stay"));
    const row = await watch("endless", "the event after it", ({ counters }) => counters.stored > 0);
    assert.partialDeepStrictEqual(row.counters, { refused: 1, stored: 1 });
  });

  it("cannot break a stream with ids that are too long or invalid in a header: the events are stored, the position is kept", async () => {
    const ids = ["7", "a".repeat(300_000), "é☃", "bell\u0007", `${"☃".repeat(2000)}`];
    upstream.on("ids", (response, _request, visit) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const id = ids[Math.min(visit, ids.length - 1)];
      response.write(`id: ${id}\ndata: ${visit}\n\n`);
      setTimeout(() => response.end(), 50);
    });
    const row = await watch("ids", "events under every id", ({ counters }) => counters.stored >= ids.length);
    assert.notEqual(row.status, "failed");
    const sent = upstream.requestsOf("ids").map(({ headers }) => headers["last-event-id"] as string | undefined);
    const snowman = Buffer.from("é☃").toString("latin1");
    assert.deepEqual(sent.slice(0, 5), [undefined, "7", "7", snowman, snowman]);
  });

  it("cannot inject a header through a position in its events", async () => {
    upstream.on("injected", (response, _request, visit) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write(`${JSON.stringify({ visit, position: "7\r\nx-evil: 1" })}\n`);
      setTimeout(() => response.end(), 50);
    });
    await watch("injected", "a reconnect", ({ counters }) => counters.stored >= 3, "positions");
    for (const { headers } of upstream.requestsOf("injected")) {
      assert.equal(headers["x-evil"], undefined);
      assert.equal(headers["x-position"], undefined);
    }
  });
});
