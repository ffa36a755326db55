import { toConnectionRow } from "../../runtime/control/table/connection-table";
import type { StoredRow } from "../../runtime/control/table/row-change";
import {
  type Faults,
  firstHandover,
  type Hop,
  initial,
  isConnected,
  type Model,
  type Move,
  type Mutation,
  NO_FAULTS,
  successors,
  type Upstream,
} from "./model";

export interface Checked {
  readonly states: number;
  readonly depth: number;
  /** The highest generation that was acquired. */
  readonly generation: number;
  /** The first state that violates an invariant, and the path to it. */
  readonly violation?: { readonly what: string; readonly path: readonly string[] };
}

export interface CheckOptions {
  readonly upstream?: Upstream;
  readonly endsChains?: boolean;
  readonly mutate?: Mutation;
  /** Recovery is checked from every n-th state. @default 1 */
  readonly recoveryEvery?: number;
  /** Start with a running stream just before its first handover, instead of with a start request. @default false */
  readonly running?: boolean;
  /** Length of the search in time steps. @default 5 */
  readonly span?: number;
}

/** Checks every reachable state, breadth first, so that a violation is reported with a shortest path. */
export function check(
  faults: Faults,
  { upstream = "any", endsChains = false, mutate, recoveryEvery = 1, running = false, span = 5 }: CheckOptions = {},
): Checked {
  interface Node {
    readonly model: Model;
    readonly from?: Node;
    readonly move: string;
    readonly depth: number;
  }
  const begin = initial(faults, { upstream, endsChains });
  const start = running ? beforeHandover(begin) : begin;
  const horizon = start.now + span;
  const first: Node = { model: start, move: "begin", depth: 0 };
  const seen = new Set([keyOf(first.model)]);
  let frontier: Node[] = [first];
  let [depth, generation] = [0, 0];
  const fail = (node: Node, what: string): Checked => {
    const path: string[] = [];
    for (let at: Node | undefined = node; at; at = at.from) path.unshift(`${at.model.now}: ${at.move}`);
    return { states: seen.size, depth: node.depth, generation, violation: { what, path } };
  };
  while (frontier.length > 0) {
    const next: Node[] = [];
    for (const node of frontier) {
      if (node.model.now >= horizon) continue;
      for (const { name, to } of successors(node.model, mutate)) {
        const key = keyOf(to);
        if (seen.has(key)) continue;
        seen.add(key);
        const child: Node = { model: to, from: node, move: name, depth: node.depth + 1 };
        depth = child.depth;
        generation = Math.max(generation, toConnectionRow(to.row!).generation);
        const violation = violationIn(to) ?? (seen.size % recoveryEvery === 0 ? notRecovered(to, mutate) : undefined);
        if (violation) return fail(child, violation);
        next.push(child);
      }
    }
    frontier = next;
    if (process.env.V) console.log(depth, seen.size, next.length);
  }
  return { states: seen.size, depth, generation };
}

/** The invariants of every state. */
function violationIn(model: Model): string | undefined {
  if (model.violation) return model.violation;
  const connected = model.hops.filter((hop) => !hop.paused && isConnected(hop));
  if (connected.length > 2) return "a third connection";
  const storing = model.hops.filter(({ paused, relay }) => !paused && (relay === "flowing" || relay === "draining"));
  if (new Set(storing.map(({ slices }) => slices)).size > 1) return "two numbers of partition keys at the same time";
  return undefined;
}

/** Without further faults, the system must reach the desired state: one owner with one connection, or no connection. */
function notRecovered(model: Model, mutate?: Mutation): string | undefined {
  const { headers, events, storage, slices } = model.left;
  let at: Model = { ...model, left: { ...NO_FAULTS, headers, events, storage, slices, watchdogs: 100, hops: 100 } };
  const desired = toConnectionRow(at.row!).desired;
  for (let steps = 0; steps < 400; steps++) {
    const violation = violationIn(at);
    if (violation) return violation;
    if (desired === "open" ? isServed(at) : isClosed(at)) return undefined;
    const moves = successors(at, mutate);
    const chosen = prefer(moves, at);
    if (!chosen) return `stuck while ${desired} is desired`;
    at = chosen.to;
    const { retryAt = 0 } = toConnectionRow(at.row!);
    if (at.invoked.length === 0 && at.hops.every(({ state }) => state.phase === "left")) {
      at = { ...at, now: Math.max(at.now, retryAt) };
    }
  }
  return desired === "open" ? "the stream gets no owner" : "the stream does not close";
}

/** A running stream, one time step before its first handover. */
function beforeHandover(model: Model): Model {
  const { left } = model;
  let at: Model = { ...model, left: { ...NO_FAULTS, hops: left.hops, storage: left.storage, slices: left.slices } };
  while (at.now < firstHandover(model) - 1) at = prefer(successors(at), at)!.to;
  return { ...at, left };
}

/** A fair scheduler: everything that can run runs at once. The watchdog runs last, every tenth time step. */
function prefer(moves: readonly Move[], { now }: Model): Move | undefined {
  const rank = ({ name }: Move) => {
    if (name === "time") return 2;
    if (name === "watchdog reads" || name === "watchdog finds the hop lost") return now % 10 === 0 ? 1 : 3;
    return name.endsWith("headers") ? 4 : 0;
  };
  return [...moves].sort((a, b) => rank(a) - rank(b)).find((move) => rank(move) < 3);
}

function isServed(model: Model): boolean {
  const { owner, generation, desired } = toConnectionRow(model.row!);
  return model.hops.some(
    ({ nonce, relay, state }) =>
      desired === "open" &&
      nonce === owner &&
      relay === "flowing" &&
      "lease" in state &&
      state.lease.generation === generation &&
      state.lease.desiredVersion === toConnectionRow(model.row!).desiredVersion,
  );
}

function isClosed(model: Model): boolean {
  const { owner, status } = toConnectionRow(model.row!);
  return owner === undefined && status === "closed" && !model.hops.some(isConnected);
}

/** A key of what later steps read. States with the same key are the same state. */
function keyOf({ now, row, hops, invoked, watchdog, stored, inPacks, packs, left }: Model): string {
  return JSON.stringify([
    now,
    rowKey(row),
    hops.map((hop) => (hop.state.phase === "left" ? "" : hopKey(hop))),
    invoked.map(({ generation }) => generation ?? "free").sort(),
    watchdog && [watchdog.decision, watchdog.row.generation, watchdog.row.owner, watchdog.row.desiredVersion],
    stored,
    inPacks,
    packs,
    Object.values(left),
  ]);
}

function rowKey(row: StoredRow | undefined): unknown {
  if (!row) return undefined;
  const { desired, desiredVersion, status, generation, owner, expiresAt, beatUntil, claim, checkpoint, retryAt } =
    toConnectionRow(row);
  const breaks = row.handoverMode !== undefined;
  const stored = [row.predecessorUntil, row.leftGeneration, row.storage, row.predecessorStorage, row.slices];
  return [
    desired,
    desiredVersion,
    status,
    generation,
    owner,
    expiresAt,
    beatUntil,
    claim,
    checkpoint,
    retryAt,
    breaks,
    stored,
  ];
}

function hopKey({
  nonce,
  enteredAt,
  state,
  pending,
  events,
  relay,
  checkpoint,
  from,
  seam,
  connectedSince,
  paused,
  slices,
}: Hop): unknown {
  const phase = JSON.stringify(state, (name, value) => {
    if (name === "row" || name === "successor")
      return [
        value.desired,
        value.desiredVersion,
        value.generation,
        value.claim,
        value.predecessorUntil,
        value.leftGeneration,
      ];
    return value === Number.POSITIVE_INFINITY ? "never" : value;
  });
  const command = pending && [
    pending.of.kind,
    pending.at,
    JSON.stringify(pending.change?.set, (name, value) => (name === "handoverMode" ? 1 : value)),
  ];
  const read = [checkpoint, from, seam];
  return [nonce, enteredAt, phase, command, events, relay, read, connectedSince !== undefined, paused, slices];
}
