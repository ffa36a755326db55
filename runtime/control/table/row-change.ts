/**
 * A conditional write to one row of the connection table, as data. The protocol (`lease.ts`, `desired-state.ts`) says what it
 * writes and when it may; the tables (`dynamo-table.ts`, `memory-table.ts`) only carry it out, so that the very conditions
 * that run in DynamoDB are the ones the model checker walks through.
 */

/** Attribute, or attribute of a map: `owner`, `claim.nonce`. */
export type Path = string;
export type Scalar = string | number | boolean;

export type Clause =
  | { readonly equals: readonly [Path, Scalar] }
  /** Also when absent. */
  | { readonly differs: readonly [Path, Scalar] }
  | { readonly absent: Path }
  | { readonly present: Path }
  /** Present and at most that number. */
  | { readonly atMost: readonly [Path, number] }
  | { readonly anyOf: readonly Clause[] }
  | { readonly allOf: readonly Clause[] };

export interface RowChange {
  /** For errors and logs: `claim`, `renew`. */
  readonly name: string;
  /** All of them must hold. */
  readonly when: readonly Clause[];
  /** Attributes to write; `undefined` removes the attribute. */
  readonly set: Readonly<Record<Path, unknown>>;
  /** Numbers to add. The path must be there already. */
  readonly add?: Readonly<Record<Path, number>>;
  /**
   * Can be told from the row whether this very change was made: decides when the write failed or got no answer.
   * Sound because every change leaves a mark that no other write can leave (a nonce, a generation with its expiry).
   */
  readonly wasAppliedTo: (row: StoredRow) => boolean;
}

/** A row as it is stored: attributes may be missing (older releases wrote fewer). */
export type StoredRow = Readonly<Record<string, unknown>> & { readonly streamId: string };
