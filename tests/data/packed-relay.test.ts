import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unaccounted } from "../../runtime/contract";
import { type EventHistory, eventHistory, type ReadEvents } from "../../runtime/data/event-history";
import { contentKey } from "../../runtime/data/identity";
import { type EncodedItem, encodeItem, type StoredEvent } from "../../runtime/data/item";
import { encodePack } from "../../runtime/data/pack";
import { storedEvents } from "../../runtime/data/stored-events";
import { StreamError } from "../../runtime/support/errors";
import { type Answer, body, lines, sse, status } from "../fakes/upstream";
import { RETRY_MS, type Setup, setUp, until } from "./harness";
import { useUpstreams } from "./use-upstreams";

/** Longer than the waits that pass by themselves: no pack is closed between two chunks. */
const LONG_LINGER_MS = 2 * RETRY_MS;
const PACKED = { storage: "packed", pack: { bytes: 64 * 1024, lingerMs: LONG_LINGER_MS } } as const;
const QUIET = { storage: "packed", pack: { bytes: 64 * 1024, lingerMs: 200 } } as const;
const SAMPLES = join(__dirname, "../../../shared/data");

/** A history with these events, in one pack of generation 2. Single events are those of generation 1. */
function historyOf({ packed = [] as readonly string[], single = [] as readonly string[], slices = 1 }) {
  const receivedAt = 1_800_000_000_000;
  const items: Record<string, unknown>[] = single.map((data, n) => {
    const key = contentKey(data, "message");
    const event = {
      streamId: "a:b",
      key,
      type: "message",
      id: "",
      data,
      dataBytes: 0,
      receivedAt,
      sequence: `1.1.${n}`,
    };
    return JSON.parse(encodeItem(event, 60, slices).json);
  });
  const events = packed.map((data, n) => {
    const [id = "", text = data] = data.includes("=") ? data.split("=") : [undefined, data];
    return { key: contentKey(text, "message"), type: "message", id, data: text, receivedAt, counter: n + 1 };
  });
  const place = { streamId: "a:b", generation: 2, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
  const pack = events.length > 0 ? [JSON.parse(encodePack(events, place).json)] : [];
  const reads: string[] = [];
  const read: ReadEvents = async (operation, input) => {
    reads.push(operation);
    if (operation === "Query") return { Items: pack };
    const keys = JSON.stringify(input);
    const found = items.filter(({ streamId, key }) => keys.includes(JSON.stringify({ streamId, key })));
    return { Responses: { events: found as never } };
  };
  const history: EventHistory = eventHistory("events", read, ({ key }) => assert.fail(`${key} is corrupt`));
  return { history, reads };
}

describe("a relay that stores packs", () => {
  const source = useUpstreams();
  const runToEnd = async (answers: Answer[], { events, ...setup }: Setup = {}) => {
    const upstream = await source(...answers, status(204));
    const one = setUp(upstream, { events: { ...PACKED, ...events }, ...setup });
    const outcome = await one.relay.run();
    const { counters } = one.relay.snapshot();
    assert.equal(unaccounted(counters), 0, JSON.stringify(counters));
    return { ...one, outcome, counters, data: one.store.events.map((event) => event.data) };
  };

  it("stores the events of a connection in order in one item, with the repeats that the source sent", async () => {
    const { store, data, counters } = await runToEnd([lines("up\ndown\nup\nup\n")]);
    assert.deepEqual(data, ["up", "down", "up", "up"]);
    assert.deepEqual(store.batches, [1]);
    assert.deepEqual(
      store.events.map(({ sequence }) => sequence),
      ["3.1.1", "3.1.2", "3.1.3", "3.1.4"],
    );
    const { received, stored, repeated } = counters;
    assert.deepEqual([received, stored, repeated], [4, 4, 0]);
  });

  it("closes a pack before its events have more bytes than the limit, and at the end of a connection", async () => {
    const written: EncodedItem[] = [];
    const write = async (items: readonly EncodedItem[]) => {
      written.push(...items);
      return [];
    };
    const sizes = { pack: { bytes: 10, lingerMs: LONG_LINGER_MS } };
    await runToEnd([lines("aaaa\nbbbb\ncccc\nxxxxxxxxxxxxxxxxxxxx\ndd\n"), lines("ee\n")], {
      events: sizes,
      deps: { store: { write } },
    });
    assert.deepEqual(
      written.map(({ json }) => storedEvents(JSON.parse(json)).map(({ data }) => data)),
      [["aaaa", "bbbb"], ["cccc"], ["xxxxxxxxxxxxxxxxxxxx"], ["dd"], ["ee"]],
    );
    const keys = written.map(({ key }) => key);
    assert.deepEqual(keys, [...keys].sort(), "the keys rise");
    assert.equal(new Set(keys).size, keys.length);
  });

  it("writes no item that is too large for the table, however little of the events is data", async () => {
    const sizes: number[] = [];
    const write = async (items: readonly EncodedItem[]) => {
      sizes.push(...items.map(({ bytes }) => bytes));
      return [];
    };
    const random = () => randomBytes(300).toString("base64");
    const events = Array.from({ length: 2_000 }, (_, n) => `event: ${random()}\nid: ${random()}\ndata: {"n":${n}}\n\n`);
    const { counters } = await runToEnd([sse(events.join(""))], {
      events: { identity: { kind: "pointer", pointer: "/n" }, pack: { bytes: 262_144, lingerMs: LONG_LINGER_MS } },
      deps: { store: { write } },
    });
    assert.equal(counters.stored, 2_000);
    assert.ok(Math.max(...sizes) <= 400 * 1024, `${Math.max(...sizes)} bytes`);
    assert.ok(sizes.length < 10, `${sizes.length} packs`);
  });

  it("stores an event of a quiet stream within the linger", async () => {
    const upstream = await source(lines("one\n", "stay"));
    const { relay, store, clock, stop } = setUp(upstream, { events: QUIET });
    const from = clock.now();
    const running = relay.run();
    await until(() => store.events.length === 1);
    assert.equal(clock.now() - from, 200);
    stop();
    await running;
  });

  it("writes the same bytes again when the table did not answer", async () => {
    const written: string[] = [];
    const write = async ([item]: readonly EncodedItem[]) => {
      written.push(item!.json);
      if (written.length < 3) throw new StreamError("STORE_UNAVAILABLE", "no answer", { retryable: true });
      return [];
    };
    const { counters } = await runToEnd([lines("a\nb\n")], { deps: { store: { write } } });
    assert.equal(written.length, 3);
    assert.equal(new Set(written).size, 1);
    assert.equal(counters.stored, 2);
  });

  it("moves the checkpoint when the pack is stored, with the sequence of its event", async () => {
    const checkpoints: unknown[] = [];
    const write = async () => {
      checkpoints.push(one.relay.snapshot().checkpoint);
      return [];
    };
    const upstream = await source(sse("id: 1\ndata: a\n\nid: 2\ndata: b\n\n"), status(204));
    const one = setUp(upstream, { events: PACKED, deps: { store: { write } } });
    await one.relay.run();
    assert.deepEqual(checkpoints, [undefined]);
    const { checkpoint, checkpointSequence } = one.relay.snapshot();
    assert.deepEqual([checkpoint, checkpointSequence], ["2", "3.1.2"]);
  });

  it("stores a large event in the bucket first, and the pack with a pointer to it", async () => {
    const large = Array.from({ length: 140_000 }, (_, n) => Math.imul(n, 0x9e3779b1).toString(36)).join("");
    const objects = new Map<string, Buffer>();
    const oversize = async (key: string, bytes: Buffer) => void objects.set(key, bytes);
    const { store } = await runToEnd([lines(`a\n${large}\nb\n`)], {
      events: { maxEventBytes: 4 << 20 },
      deps: { oversize },
    });
    const [pointer] = objects.keys();
    assert.equal(objects.get(pointer!)?.toString(), large);
    const found = [...store.events].sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
    assert.deepEqual(
      found.map(({ data, pointer }) => data ?? pointer),
      ["a", pointer, "b"],
    );
  });

  it("counts each event of a pack that the table refuses", async () => {
    const write = async () => {
      throw new StreamError("VALIDATION_FAILED", "no", {});
    };
    const { counters } = await runToEnd([lines("a\nb\nc\n")], { deps: { store: { write } } });
    assert.equal(counters.refused, 3);
  });

  it("drops events with an id that the source sends again on the next connection", async () => {
    const first = sse("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    const second = sse("id: 2\ndata: b\n\nid: 3\ndata: b\n\n");
    const { data, counters } = await runToEnd([first, second]);
    assert.deepEqual(data, ["a", "b", "b"]);
    assert.equal(counters.suppressed, 1);
  });

  describe("after another hop", () => {
    const untilFar = () => Number.POSITIVE_INFINITY;
    const owner = { ready: Promise.resolve(true), until: untilFar, requestMs: 1_000 };

    it("waits until its predecessor stores no more, then stores what the predecessor did not", async () => {
      const { history, reads } = historyOf({ packed: ["1=a", "2=b"] });
      let own = (_: boolean) => {};
      const ready = new Promise<boolean>((resolve) => {
        own = resolve;
      });
      const upstream = await source(sse("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: b\n\n", "stay"));
      const { relay, store, stop } = setUp(upstream, {
        events: QUIET,
        deps: { history },
        options: { predecessorStorage: "packed", storing: { ready, until: untilFar, requestMs: 1_000 } },
      });
      const running = relay.run();
      await until(() => relay.snapshot().counters.received === 3);
      assert.deepEqual([store.events.length, reads.length], [0, 0]);
      assert.equal(relay.snapshot().counters.inFlight, 3);
      own(true);
      await until(() => store.events.length > 0);
      stop();
      await running;
      assert.deepEqual(
        store.events.map(({ id, data }) => `${id}=${data}`),
        ["3=b"],
      );
      const { suppressed, stored, abandoned } = relay.snapshot().counters;
      assert.deepEqual([suppressed, stored, abandoned], [2, 1, 0]);
      assert.equal(relay.snapshot().checkpoint, "3");
    });

    it("stores nothing when it never owns the lease", async () => {
      const { history } = historyOf({ packed: ["1=a"] });
      const { store, counters } = await runToEnd([lines("a\nb\n")], {
        deps: { history },
        options: {
          predecessorStorage: "packed",
          storing: { ready: Promise.resolve(false), until: () => 0, requestMs: 1_000 },
        },
      });
      assert.equal(store.events.length, 0);
      assert.equal(counters.abandoned, 2);
    });

    it("abandons each event once when it leaves before it has read back", async () => {
      let answer = (_: Iterable<StoredEvent>) => {};
      let asked = false;
      const packed: EventHistory["packed"] = () => {
        asked = true;
        return new Promise((resolve) => {
          answer = resolve;
        });
      };
      const upstream = await source(sse("id: 1\ndata: a\n\n", "stay"));
      const { relay, clock, stop } = setUp(upstream, {
        events: PACKED,
        deps: { history: { ...historyOf({}).history, packed } },
        options: { predecessorStorage: "packed", storing: { ...owner, until: () => leaseEnds } },
      });
      const leaseEnds = clock.now() + 100;
      const running = relay.run();
      await until(() => asked && relay.snapshot().counters.received === 1);
      stop();
      await clock.advance(5_000);
      await running;
      answer(await historyOf({ packed: ["1=a"] }).history.packed("a:b", { since: 0 }));
      await new Promise(setImmediate);
      const { counters } = relay.snapshot();
      assert.deepEqual([counters.abandoned, counters.suppressed], [1, 0]);
      assert.equal(unaccounted(counters), 0);
    });

    it("starts no write after the end of its lease, and leaves with the rest abandoned", async () => {
      let writes = 0;
      const write = async () => {
        writes++;
        return [];
      };
      const upstream = await source(lines("a\n", "stay"));
      let leaseEnds = Number.POSITIVE_INFINITY;
      const { relay, clock, stop } = setUp(upstream, {
        events: PACKED,
        deps: { store: { write } },
        options: { storing: { ready: Promise.resolve(true), until: () => leaseEnds, requestMs: 1_000 } },
      });
      leaseEnds = clock.now() + 100;
      const running = relay.run();
      await until(() => relay.snapshot().counters.received === 1);
      await clock.advance(100);
      stop();
      await clock.advance(1_000);
      await running;
      const { stored, abandoned } = relay.snapshot().counters;
      assert.deepEqual([writes, stored, abandoned], [0, 0, 1]);
    });

    it("gives up the writes of a lease that ended while the table did not accept them", async () => {
      const write = async () => {
        throw new StreamError("STORE_UNAVAILABLE", "no answer", { retryable: true });
      };
      let leaseEnds = 0;
      const upstream = await source(lines("a\n"), status(204));
      const { relay, clock } = setUp(upstream, {
        events: PACKED,
        deps: { store: { write } },
        options: { storing: { ready: Promise.resolve(true), until: () => leaseEnds, requestMs: 1_000 } },
      });
      leaseEnds = clock.now() + 20_000;
      await relay.run();
      assert.equal(relay.snapshot().counters.abandoned, 1);
      assert.ok(clock.now() < leaseEnds + 6_000);
    });

    it("looks up single events by their keys when the predecessor stored each event", async () => {
      const { history, reads } = historyOf({ single: ["a", "b"] });
      const { data } = await runToEnd([lines("a\nb\nc\n")], {
        deps: { history },
        options: { storing: owner },
      });
      assert.deepEqual(data, ["c"]);
      assert.deepEqual(new Set(reads), new Set(["BatchGetItem"]));
    });

    it("looks them up in the partitions that the predecessor used, whatever the settings are now", async () => {
      const { history } = historyOf({ single: ["a", "b"], slices: 16 });
      const { data } = await runToEnd([lines("a\nb\nc\n")], {
        events: { slices: 1 },
        deps: { history },
        options: { storing: owner, slices: () => 16 },
      });
      assert.deepEqual(data, ["c"]);
    });

    it("drops what packs contain when it stores each event itself", async () => {
      const { history, reads } = historyOf({ packed: ["1=a", "2=b"] });
      const { data, counters } = await runToEnd([sse("id: 2\ndata: b\n\nid: 3\ndata: c\n\n")], {
        events: { storage: undefined },
        deps: { history },
        options: { predecessorStorage: "packed", storing: owner },
      });
      assert.deepEqual(data, ["c"]);
      assert.equal(counters.suppressed, 1);
      assert.deepEqual(reads, ["Query"]);
    });

    it("stores every event when reading back fails for the length of a lease, and logs that", async () => {
      const fails = async () => {
        throw new Error("no answer");
      };
      const { data, log } = await runToEnd([lines("a\n")], {
        deps: { history: { packed: fails, single: fails } },
        options: { predecessorStorage: "packed", storing: owner },
      });
      assert.deepEqual(data, ["a"]);
      const failures = log.lines.filter(({ message }) => message.startsWith("Reading back"));
      assert.deepEqual(
        failures.map(({ level }) => level),
        ["warn", "error"],
      );
    });
  });

  if (!existsSync(SAMPLES)) it.skip("stores recorded streams (the sample data folder is absent)", () => {});
  else
    for (const file of readdirSync(join(SAMPLES, "ndjson")))
      it(`stores every line byte for byte, repeats too: ${file}`, async () => {
        const bytes = readFileSync(join(SAMPLES, "ndjson", file));
        const { data } = await runToEnd([body("application/x-ndjson", bytes)]);
        assert.deepEqual(data, bytes.toString().split(/\r?\n/).filter(Boolean));
      });
});
