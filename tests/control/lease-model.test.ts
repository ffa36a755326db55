import assert from "node:assert/strict";
import type { Clause, RowChange } from "../../runtime/control/table/row-change";
import { type Faults, type Mutation, NO_FAULTS, type Upstream } from "./model";
import { check } from "./model-checker";

/** Length of each search in time steps. `npm run test:long` searches 4 of them; 7 take minutes and have millions of states. */
const SPAN = Number(process.env.MODEL_SPAN ?? 3);
const ONE: Faults = { ...NO_FAULTS, watchdogs: 1 };

describe("lease protocol, over all interleavings", function () {
  this.timeout(3_600_000);

  const cases: readonly (readonly [string, Partial<Faults>, { readonly upstream?: Upstream }?])[] = [
    ["two hops and a watchdog", { headers: true }],
    ["events that are stored at any moment", { events: 1 }],
    ["a stop at any moment", { stops: 1 }],
    ["a stop and a start at any moment", { stops: 1, starts: 1 }],
    ["a third hop", { hops: 3 }],
    ["a hop that crashes", { crashes: 1, hops: 3 }],
    ["a hop that is paused and resumed", { pauses: 1, hops: 3 }],
    ["a lost response of the table", { lostResponses: 1 }],
    ["an invocation that is delivered twice", { duplicateInvokes: 1, hops: 3 }],
    ["an invocation that is lost", { lostInvokes: 1, hops: 3 }],
    ["a connection that the upstream closes", { drops: 1 }],
    ["an upstream that allows one connection", { hops: 3 }, { upstream: "single" }],
    ["a move that nobody expects", { watchdogs: 0, merges: 1, hops: 3 }],
    ["two watchdogs that move the stream at once", { watchdogs: 0, merges: 2, hops: 4 }],
    ["a move during a stop", { watchdogs: 0, merges: 1, stops: 1, hops: 3 }],
    ["a move while a hop crashes", { watchdogs: 0, merges: 1, crashes: 1, hops: 3 }],
    ["a move that is lost", { watchdogs: 0, merges: 1, lostInvokes: 1, hops: 3 }],
    ["a move without a response of the table", { watchdogs: 0, merges: 1, lostResponses: 1, hops: 3 }],
    ["a move where the upstream allows one connection", { watchdogs: 0, merges: 1, hops: 3 }, { upstream: "single" }],
    [
      "a move where the upstream keeps the newest connection",
      { watchdogs: 0, merges: 1, hops: 3 },
      { upstream: "newest" },
    ],
    ["a hop that is lost before its streams' leases end", { watchdogs: 0, losses: 1, crashes: 1, hops: 3 }],
    ["a hop that is lost, and resumes", { watchdogs: 0, losses: 1, pauses: 1, hops: 3 }],
    ["a hop that is lost during a move", { watchdogs: 0, losses: 1, merges: 1, crashes: 1, hops: 3 }],
    ["a crash where the upstream allows one connection", { crashes: 1, hops: 3 }, { upstream: "single" }],
    ["a stop where the upstream allows one connection", { stops: 1, hops: 3 }, { upstream: "single" }],
    ["packs that are stored at any moment", { storage: ["packed"], events: 2 }],
    ["packs, and a hop that crashes", { storage: ["packed"], events: 1, crashes: 1, hops: 3 }],
    ["packs, and a hop that is paused and resumed", { storage: ["packed"], events: 1, pauses: 1, hops: 3 }],
    ["packs, and a lost response of the table", { storage: ["packed"], events: 1, lostResponses: 1 }],
    ["packs after single events", { storage: ["each", "packed"], events: 2 }],
    [
      "packs after single events of a hop that crashes",
      { storage: ["each", "packed"], events: 1, crashes: 1, hops: 3 },
    ],
    ["packs after single events, and a lost response", { storage: ["each", "packed"], events: 1, lostResponses: 1 }],
    ["single events after packs", { storage: ["packed", "each"], events: 2 }],
    [
      "single events after packs of a hop that crashes",
      { storage: ["packed", "each"], events: 1, crashes: 1, hops: 3 },
    ],
    [
      "single events after packs of a hop that is paused",
      { storage: ["packed", "each"], events: 1, pauses: 1, hops: 3 },
    ],
    ["single events after packs, and a lost response", { storage: ["packed", "each"], events: 1, lostResponses: 1 }],
    ["another number of partition keys", { slices: 4 }],
    ["another number of partition keys, and a hop that crashes", { slices: 4, crashes: 1, hops: 3 }],
    ["another number of partition keys, and a move", { slices: 4, watchdogs: 0, merges: 1, hops: 3 }],
    ["another number of partition keys, and a lost response", { slices: 4, lostResponses: 2, hops: 3 }],
    [
      "another number of partition keys, and a move without a response of the table",
      { slices: 4, watchdogs: 0, merges: 1, lostResponses: 1 },
    ],
    ["packs, single events and packs", { storage: ["packed", "each", "packed"], events: 1, hops: 3 }],
  ];
  for (const [name, faults, options] of cases) {
    for (const running of [false, true]) {
      // No stream moves in its first moments.
      if (faults.merges && !running) continue;
      it(`holds ${running ? "in a handover" : "from a start"} with ${name}`, function () {
        const { states, violation } = check(
          { ...ONE, ...faults },
          { ...options, running, span: SPAN + (faults.losses ? 1 : 0), recoveryEvery: faults.losses ? 20 : 5 },
        );
        assert.equal(violation, undefined, violation && `${violation.what}:\n${violation.path.join("\n")}`);
        assert.ok(states > 50, `only ${states} states: the search is broken`);
        this.test!.title += ` (${states} states)`;
      });
    }
  }

  for (const [name, faults, options] of cases) {
    if (faults.merges || faults.losses) continue;
    it(`holds in a handover by the watchdog, which ends each chain, with ${name}`, function () {
      const circumstances = { ...options, running: true, endsChains: true };
      const { states, generation, violation } = check(
        { ...ONE, ...faults },
        { ...circumstances, span: SPAN, recoveryEvery: 5 },
      );
      assert.equal(violation, undefined, violation && `${violation.what}:\n${violation.path.join("\n")}`);
      assert.ok(generation > 1, "no successor acquired the stream");
      this.test!.title += ` (${states} states)`;
    });
  }

  /** A seeded bug: removes the matching clauses from the named change. */
  const without =
    (name: string, matches: (clause: Clause) => boolean, only: (change: RowChange) => boolean = () => true): Mutation =>
    (change) => {
      if (change.name !== name || !only(change)) return change;
      const when = change.when.filter((clause) => !matches(clause));
      assert.ok(when.length < change.when.length, `${name} has no such clause`);
      return { ...change, when };
    };
  const on = (path: string) => (clause: Clause) => JSON.stringify(clause).includes(`"${path}"`);
  const byClaim = ({ when }: RowChange) => when.some(on("claim.nonce")) && !when.some(on("retryAt"));
  const free = (change: RowChange) => !byClaim(change);

  const bugs: readonly (readonly [string, Mutation, Partial<Faults>, RegExp])[] = [
    ["a claim of any generation", without("claim", on("generation")), { hops: 3 }, /third connection/],
    ["a claim while another claim is valid", without("claim", on("claim")), { hops: 3 }, /third connection/],
    [
      "an acquire of a stream that is owned",
      without("acquire", on("owner"), free),
      { stops: 1, starts: 1 },
      /third connection/,
    ],
    ["an acquire of a stopped stream", without("acquire", on("desired"), free), { stops: 1 }, /does not close/],
    [
      "a successor that acquires a stopped stream",
      without("acquire", on("desired"), byClaim),
      { stops: 1 },
      /does not close/,
    ],
    ["a renew that ignores a stop", without("renew", on("desiredVersion")), { stops: 1 }, /does not close/],
    [
      "a renew without a fencing token",
      without("renew", (clause) => on("generation")(clause) || on("owner")(clause)),
      {},
      /another owner's generation/,
    ],
    [
      "an acquire that keeps the generation",
      (change) => ({ ...change, ...(change.name === "acquire" && { add: {} }) }),
      {},
      /one generation/,
    ],
    [
      "a checkpoint of events that were read but not stored",
      (change) => (change.name === "renew" ? { ...change, set: { ...change.set, checkpoint: "1" } } : change),
      { events: 1 },
      /unsettled before it/,
    ],
    [
      "a successor that stores packs before its predecessor has left",
      (change) => (change.name === "acquire" ? { ...change, set: { ...change.set, predecessorUntil: 0 } } : change),
      { storage: ["packed"], events: 1 },
      /stored twice/,
    ],
    [
      "a successor that stores packs before its predecessor has stored its last single events",
      (change) => (change.name === "acquire" ? { ...change, set: { ...change.set, predecessorUntil: 0 } } : change),
      { storage: ["each", "packed"], events: 1 },
      /stored twice/,
    ],
    [
      "a row that shows single events while its owner stores packs",
      (change) => (change.name === "renew" ? { ...change, set: { ...change.set, storage: "each" } } : change),
      { storage: ["packed", "each"], events: 1 },
      /stored twice/,
    ],
    [
      "an acquire that changes the number of partition keys",
      (change) => (change.name === "acquire" ? { ...change, set: { ...change.set, slices: 4 }, copy: [] } : change),
      { slices: 4, merges: 1 },
      /two numbers of partition keys/,
    ],
    [
      "a change of the number of partition keys after a claim",
      without("use-slices", on("claim")),
      { slices: 4, merges: 1 },
      /two numbers of partition keys/,
    ],
    [
      "a change of the number of partition keys that lets a successor connect before the owner knows it",
      (change) => (change.name === "use-slices" ? { ...change, set: { slices: change.set.slices } } : change),
      { slices: 4, lostResponses: 1 },
      /two numbers of partition keys/,
    ],
    [
      "a renew that lets a successor connect before the owner knows the number of partition keys",
      (change) => (change.name === "renew" ? { ...change, set: { ...change.set, retryAt: undefined } } : change),
      { slices: 4, lostResponses: 2 },
      /two numbers of partition keys/,
    ],
  ];
  for (const [name, mutate, faults, what] of bugs) {
    it(`finds a seeded bug: ${name}`, () => {
      const { violation } = check({ ...ONE, ...faults }, { running: true, span: 5, recoveryEvery: 5, mutate });
      assert.match(violation?.what ?? "nothing found", what);
    });
  }
});
