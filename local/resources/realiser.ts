import type { LocalCloud } from "../aws/cloud";

/**
 * A resource as both front doors hand it over: property names as the provider's wire has them (camelCase),
 * secrets unwrapped, assets as {@link Archive}, unknown values as {@link UNKNOWN}.
 */
export interface ResourceInput {
  readonly urn: string;
  /** Type token, `aws:dynamodb/table:Table`. */
  readonly type: string;
  /** Pulumi name, from the URN. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The files of an AssetArchive, read; `hash` is over names and bytes alone. */
export interface Archive {
  readonly kind: "archive";
  readonly hash: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** A value that is not known before its resource exists (previews only). */
export const UNKNOWN: unique symbol = Symbol("unknown");

export interface Realised {
  readonly id: string;
  /** Everything a program can read of it: inputs and what AWS would compute. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** What create, update and delete of one resource type mean on this machine. Keyed by type token in `registry.ts`. */
export interface Realiser {
  /** Inputs that it realises; a diff compares these alone, removals included. */
  readonly inputs: readonly string[];
  /** Those whose change needs a new resource. */
  readonly replaceOn: readonly string[];
  /** Outputs that are secret. */
  readonly secretOutputs?: readonly string[];
  create(cloud: LocalCloud, resource: ResourceInput): Promise<Realised>;
  update(cloud: LocalCloud, id: string, before: Realised, resource: ResourceInput): Promise<Realised>;
  delete(cloud: LocalCloud, id: string, before: Realised): Promise<void>;
  /** What exists under this id, `undefined` when nothing does. For types that a refresh or an import looks up. */
  read?(cloud: LocalCloud, id: string): Promise<Realised | undefined>;
}
