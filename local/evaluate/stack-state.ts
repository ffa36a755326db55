import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isArchive } from "../resources/archive";
import type { ResourceSchema } from "../resources/resource-handler";
import type { Properties } from "./wire";

/** An existing resource. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent?: string;
  /** Absent for a component. */
  readonly id?: string;
  /** Digest of each input that its handler compares, so that changes are found without storing secrets. */
  readonly digests: Readonly<Record<string, string>>;
  readonly outputs: Properties;
  readonly secretOutputs: readonly string[];
  /** False when its type has no handler and it is skipped. */
  readonly modelled: boolean;
  readonly retainOnDelete: boolean;
}

/** All resources in the order of their creation. The reverse order is safe for deletion. */
export type StackState = readonly ResourceState[];

export function digestInputs(handler: ResourceSchema, inputs: Properties): Record<string, string> {
  const present = handler.inputs.filter((name) => inputs[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, digest(inputs[name])]));
}

/** Names of the inputs that differ, including removed ones. */
export function changedInputs(before: ResourceState["digests"], after: ResourceState["digests"]): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]);
}

/** Names of the resources that were added, changed or removed. A component has no inputs that are compared. */
export function changedResources(before: StackState, after: StackState): string[] {
  const [old, now] = [before, after].map((state) => new Map(state.map((resource) => [resource.urn, resource])));
  const differs = ({ urn, digests }: ResourceState) => {
    const known = old!.get(urn);
    return known === undefined || changedInputs(known.digests, digests).length > 0;
  };
  return [...after.filter(differs), ...before.filter(({ urn }) => !now!.has(urn))].map(({ name }) => name);
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

/** Reads the state in a data folder; empty when there is none. */
export function readState(dataDir: string): StackState {
  const file = join(dataDir, STATE_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as StackState) : [];
}

/** Only the owner can read the file, because outputs can contain secrets. Archives are stored as their hash. */
export function writeState(dataDir: string, state: StackState): void {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, STATE_FILE);
  const content = JSON.stringify(state, (_, value: unknown) => (isArchive(value) ? value.hash : value), 2);
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
