import assert from "node:assert/strict";
import type { ControlAction, ControlRule } from "../../runtime/contract";
import { matchingRule } from "../../runtime/data/control-events";
import { lazyJson } from "../../runtime/support/json-pointer";
import { type Answer, sse, startUpstream, status, type Upstream } from "../fakes/upstream";
import { type Setup, setUp } from "./harness";

describe("a control rule", () => {
  const matches = (rule: Omit<ControlRule, "action">, data: string | Buffer, type = "message") =>
    matchingRule([{ ...rule, action: "ignore" }], { data, type, json: lazyJson(data) }) === 0;

  it("matches an SSE type, the whole data, or the value at a pointer", () => {
    assert.ok(matches({ type: "ping" }, "", "ping"));
    assert.ok(!matches({ type: "ping" }, "ping"));
    assert.ok(matches({ text: "[DONE]" }, "[DONE]"));
    assert.ok(!matches({ text: "[DONE]" }, "[DONE] "));
    assert.ok(matches({ pointer: "/object/code", equals: 410 }, '{"object":{"code":410}}'));
    assert.ok(!matches({ pointer: "/object/code", equals: 410 }, '{"object":{"code":"410"}}'));
    assert.ok(matches({ pointer: "/data", equals: null }, '{"data":null}'));
  });

  it("matches any value but null at a pointer without a value", () => {
    assert.ok(matches({ pointer: "/error" }, '{"error":""}'));
    assert.ok(!matches({ pointer: "/error" }, '{"error":null}'));
    assert.ok(!matches({ pointer: "/error" }, "{}"));
    assert.ok(!matches({ pointer: "/error" }, "not JSON"));
    assert.ok(!matches({ pointer: "/error" }, Buffer.from([0xff])));
  });

  it("needs all of its conditions, and the first that matches wins", () => {
    assert.ok(!matches({ type: "error", pointer: "/code", equals: 1 }, '{"code":1}'));
    const rules: ControlRule[] = [
      { type: "error", pointer: "/code", equals: 1, action: "fail" },
      { type: "error", action: "reconnect" },
    ];
    assert.equal(matchingRule(rules, { data: '{"code":1}', type: "error", json: lazyJson('{"code":1}') }), 0);
    assert.equal(matchingRule(rules, { data: "{}", type: "error", json: lazyJson("{}") }), 1);
  });
});

describe("control events on the wire", () => {
  let source: Upstream;
  afterEach(() => source.close());

  const rule = (action: ControlAction): Setup => ({ source: { on: [{ type: "control", action }] } });
  const CONTROL = "event: control\nid: 2\ndata: sesame-open expired\n\n";
  const run = async (setup: Setup, ...answers: Answer[]) => {
    source = await startUpstream(...answers, status(204));
    const one = setUp(source, setup);
    const outcome = await one.relay.run();
    return {
      ...one,
      outcome,
      data: one.store.events.map((event) => event.data),
      counters: one.relay.snapshot().counters,
    };
  };
  const lastEventId = (request: number) => source.requests[request]!.headers["last-event-id"];

  it("complete ends the stream, after what came before was stored, and reads nothing after it", async () => {
    const { outcome, data, counters } = await run(rule("complete"), sse(`data: a\n\n${CONTROL}data: b\n\n`, "stay"));
    assert.deepEqual(outcome, { kind: "completed" });
    assert.deepEqual(data, ["a"]);
    assert.deepEqual([counters.received, counters.stored, counters.ignored], [2, 1, 1]);
    assert.equal(source.requests.length, 1);
  });

  it("fail ends the stream with the event in its last error, without the credential", async () => {
    const { outcome, relay } = await run(rule("fail"), sse(CONTROL, "stay"));
    assert.ok(outcome.kind === "failed");
    assert.equal(outcome.error.code, "SOURCE_EVENT");
    assert.equal(outcome.error.message, "The source sent an event for which `source.on[0]` says fail: *** expired");
    assert.equal(relay.snapshot().checkpoint, "2");
  });

  it("reconnect connects again after the event's position, and events after it come from there", async () => {
    const { outcome, data } = await run(
      rule("reconnect"),
      sse(`data: a\n\n${CONTROL}id: 3\ndata: lost\n\n`, "stay"),
      sse("id: 3\ndata: b\n\n"),
    );
    assert.equal(outcome.kind, "completed");
    assert.deepEqual(data, ["a", "b"]);
    assert.equal(lastEventId(1), "2");
  });

  it("reconnect waits longer each time that the new connection brings the same event", async () => {
    const { clock } = await run(rule("reconnect"), ...Array(6).fill(sse(CONTROL, "stay")));
    assert.deepEqual(
      clock.sleeps.filter((ms) => ms > 0 && ms <= 16_000),
      [125, 250, 500, 1_000, 2_000],
    );
  });

  it("lose-position connects again without a position, once counted", async () => {
    const { relay, counters, log } = await run(
      { ...rule("lose-position"), options: { checkpoint: "1" } },
      sse(CONTROL, "stay"),
      sse("data: a\n\n"),
    );
    assert.equal(lastEventId(0), "1");
    assert.equal(lastEventId(1), undefined);
    assert.equal(counters.resumeLost, 1);
    assert.equal(relay.snapshot().checkpoint, undefined);
    assert.ok(
      log.lines.some(({ level, message }) => level === "warn" && /no longer knows the stored position/.test(message)),
    );
  });

  it("lose-position without a position only connects again", async () => {
    const setup: Setup = { source: { resume: { kind: "none" }, on: [{ type: "control", action: "lose-position" }] } };
    const { counters, outcome } = await run(setup, sse(CONTROL, "stay"));
    assert.equal(counters.resumeLost, 0);
    assert.equal(outcome.kind, "completed");
  });

  it("refresh-credential reads the secret again before it connects", async () => {
    let version = 1;
    const deps: Setup["deps"] = {
      readSecret: async () => ({
        secret: { url: source.url, path: "/", key: `key-${version}` },
        version: `v${version++}`,
      }),
    };
    const { relay } = await run({ ...rule("refresh-credential"), deps }, sse(CONTROL, "stay"), status(204));
    assert.equal(source.requests[1]!.headers.authorization, "Bearer key-2");
    assert.equal(relay.snapshot().secretVersion, "v2");
  });
});

describe("the end of a response", () => {
  let source: Upstream;
  afterEach(() => source.close());

  it("completes the stream where source.end says so", async () => {
    source = await startUpstream(sse("data: a\n\n"));
    const { relay, store } = setUp(source, { source: { end: "complete" } });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.equal(store.events.length, 1);
  });

  it("does not complete it when the connection breaks", async () => {
    source = await startUpstream(sse("data: a\n\n", "break"), sse("data: b\n\n"));
    const { relay, store } = setUp(source, { source: { end: "complete" } });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.equal(store.events.length, 2);
  });
});
