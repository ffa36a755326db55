import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isArchive } from "../resources/archive";
import type { ResourceSchema } from "../resources/resource-handler";
import type { Properties } from "./wire";

/** A resource that exists. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent?: string;
  /** Absent: a component, which is nothing but its children. */
  readonly id?: string;
  /** Digest of each input that its handler compares: enough to see a change, and no secret is kept for it. */
  readonly digests: Readonly<Record<string, string>>;
  readonly outputs: Properties;
  readonly secretOutputs: readonly string[];
  /** No handler for its type: passed over. */
  readonly modelled: boolean;
  readonly retainOnDelete: boolean;
}

/** All resources in the order in which they came to be: the reverse is a safe order to delete in. */
export type StackState = readonly ResourceState[];

export function digestInputs(handler: ResourceSchema, inputs: Properties): Record<string, string> {
  const present = handler.inputs.filter((name) => inputs[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, digest(inputs[name])]));
}

/** Names of inputs that differ, removals included. */
export function changedInputs(before: ResourceState["digests"], after: ResourceState["digests"]): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]);
}

function digest(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(canonical(value)))
    .digest("base64url");
}

function canonical(value: unknown): unknown {
  if (isArchive(value)) return { archive: value.hash };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, canonical(part)]),
  );
}

const STATE_FILE = "stack.json";

/** The state that a data folder keeps; empty when there is none. */
export function readState(dataDir: string): StackState {
  const file = join(dataDir, STATE_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as StackState) : [];
}

/** Readable by its owner alone: outputs can hold secrets. Archives are kept as their hash. */
export function writeState(dataDir: string, state: StackState): void {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, STATE_FILE);
  const content = JSON.stringify(state, (_, value: unknown) => (isArchive(value) ? value.hash : value), 2);
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
