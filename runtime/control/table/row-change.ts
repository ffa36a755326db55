/**
 * A conditional write to one row of the connection table, as data. `lease.ts`, `desired-state.ts` and the watchdog define the
 * changes; a table applies them. So the model checker verifies the same conditions that run in DynamoDB.
 */

/** An attribute, or an attribute of a map: `owner`, `claim.nonce`. */
export type Path = string;
export type Scalar = string | number | boolean;

export type Clause =
  | { readonly equals: readonly [Path, Scalar] }
  /** Holds also when the attribute is absent. */
  | { readonly differs: readonly [Path, Scalar] }
  | { readonly absent: Path }
  | { readonly present: Path }
  /** Present, and at most this number. */
  | { readonly atMost: readonly [Path, number] }
  | { readonly anyOf: readonly Clause[] }
  | { readonly allOf: readonly Clause[] };

export interface RowChange {
  /** Shown in errors and logs: `claim`, `renew`. */
  readonly name: string;
  /** The condition: all clauses must hold. */
  readonly when: readonly Clause[];
  /** Attributes to write. `undefined` removes the attribute. */
  readonly set: Readonly<Record<Path, unknown>>;
  /** Numbers to add. A missing attribute counts as 0: an older release may have written the row. */
  readonly add?: Readonly<Record<Path, number>>;
  /** Copies attributes as they are before this change. A missing one is copied as `otherwise`. */
  readonly copy?: readonly { readonly from: Path; readonly to: Path; readonly otherwise: Scalar }[];
  /** Adds the number at `from` to the one at `to`, and sets `from` to 0. */
  readonly move?: { readonly from: Path; readonly to: Path };
  /**
   * Whether this change was applied to the row. Used when the write failed or got no response. Every change writes a value that
   * no other write can leave: a nonce, or a generation with its expiry.
   */
  readonly wasAppliedTo: (row: StoredRow) => boolean;
}

/** For a write that takes the stream from an owner: `inFlight` is only what the present owner has in flight. */
export const inFlightToUnknown = { from: "counters.inFlight", to: "counters.unknown" } as const;

/** A stored row. Attributes may be missing: older releases wrote fewer. */
export type StoredRow = Readonly<Record<string, unknown>> & { readonly streamId: string };
