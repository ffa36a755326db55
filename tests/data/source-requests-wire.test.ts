import assert from "node:assert/strict";
import { startServer } from "../fakes/http-server";
import { type Answer, lines, sse, startUpstream, status } from "../fakes/upstream";
import { type Setup, setUp } from "./harness";

describe("the requests of a relay on the wire", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  /** Runs until the source answers 204. */
  const run = async (answers: Answer[], setup: Setup = {}) => {
    const upstream = await startUpstream(...answers, status(204));
    closing.push(upstream.close);
    const one = setUp(upstream, setup);
    assert.deepEqual(await one.relay.run(), { kind: "completed" });
    return { ...one, requests: upstream.requests, data: one.store.events.map(({ data }) => data) };
  };
  const lastEventIds = (requests: readonly { headers: Record<string, unknown> }[]) =>
    requests.map(({ headers }) => headers["last-event-id"]);

  it("name the stream in path, query, headers and body, and the position in the body", async () => {
    const bodies: string[] = [];
    const server = await startServer((_, response, body) => {
      bodies.push(body.toString());
      if (bodies.length === 3) return response.writeHead(204).end();
      response.writeHead(200, { "content-type": "application/x-ndjson" }).end(`{"id":${bodies.length}}\n`);
    });
    closing.push(server.close);
    const { relay } = setUp(server, {
      source: { method: "POST", resume: { kind: "body", pointer: "/id", template: "[{position}]" } },
      secret: {
        path: "/v1/{streamId}",
        query: { channel: "c.{streamId}" },
        headers: { "x-stream": "{streamId}" },
        body: '{"subscribe":"{streamId}","after":"{position}"}',
      },
    });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.deepEqual(bodies, [
      '{"subscribe":"a:b"}',
      '{"subscribe":"a:b","after":"[1]"}',
      '{"subscribe":"a:b","after":"[2]"}',
    ]);
    for (const { method, url, headers } of server.requests) {
      assert.deepEqual([method, url], ["POST", "/v1/a%3Ab?channel=c.a%3Ab"]);
      assert.deepEqual([headers["x-stream"], headers["content-type"]], ["a:b", "application/json"]);
    }
  });

  it("send the user and password of the URL as Basic authentication", async () => {
    const upstream = await startUpstream(status(204));
    closing.push(upstream.close);
    const url = upstream.url.replace("http://", "http://ann:p%40ss@");
    await setUp({ url }, { secret: { key: undefined } }).relay.run();
    assert.equal(upstream.requests[0]!.headers.authorization, `Basic ${Buffer.from("ann:p@ss").toString("base64")}`);
  });

  it("take the position only from events of the named types", async () => {
    const types = { source: { resume: { kind: "last-event-id", types: ["tick"] } } } as const;
    const first = sse("event: tick\nid: 1\ndata: a\n\nevent: note\nid: 2\ndata: b\n\nid: 3\n\n");
    const { requests, data } = await run([first, sse("event: note\nid: 4\ndata: c\n\n")], types);
    assert.deepEqual(data, ["a", "b", "c"]);
    assert.deepEqual(lastEventIds(requests), [undefined, "1", "1"]);
    const large = sse(`event: tick\nid: 1\ndata: a\n\nevent: note\nid: 2\ndata: ${"x".repeat(2_000)}\n\n`);
    const refused = await run([large], { ...types, events: { maxEventBytes: 1_024 } });
    assert.deepEqual(lastEventIds(refused.requests), [undefined, "1"]);
  });

  it("leave the position as it is at an ignored event, where the settings say so", async () => {
    const on = [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }] as const;
    const feed = lines('{"id":1}\n{"type":"HEARTBEAT","id":9}\n');
    for (const [skipIgnored, position] of [
      [true, "1"],
      [false, "9"],
    ] as const) {
      const resume = { kind: "query", name: "since", pointer: "/id", skipIgnored } as const;
      const { requests } = await run([feed], { source: { resume, on } });
      assert.equal(new URL(requests[1]!.url!, "http://x").searchParams.get("since"), position);
    }
  });

  it("follow each other within a second where every response brings an event, however it ends", async () => {
    const answers = Array.from({ length: 12 }, (_, n) => sse(`data: ${n}\n\n`, n % 2 === 0 ? "end" : "break"));
    const { clock, requests, data, relay } = await run(answers);
    assert.deepEqual([requests.length, data.length, relay.snapshot().attempt], [13, 12, 0]);
    const waits = clock.sleeps.filter((ms) => ms > 0 && ms < 60_000);
    assert.equal(waits.length, 12);
    assert.ok(
      waits.every((ms) => ms <= 1_000),
      waits.join(),
    );
  });

  it("climb the ladder where every response ends without an event", async () => {
    const { clock } = await run(Array.from({ length: 6 }, () => sse("", "break")));
    assert.deepEqual(
      clock.sleeps.filter((ms) => ms > 0 && ms < 60_000),
      [125, 250, 500, 1_000, 2_000],
    );
  });
});
