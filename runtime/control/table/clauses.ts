import { STATUS, type Status } from "../../contract";
import type { Clause } from "./row-change";

/**
 * The named clauses that every condition of the protocol is made of. `now` is the writer's clock.
 *
 *      claim                        acquire                       expiresAt
 *        │ claimFree                  │ leaseFree or claimedBy      │
 *     ───┼────────────────────────────┼────────────────────────────┼───▶
 *        generationIs(named)          generation +1                 leaseFree for everybody
 */
export const rowMissing: Clause = { absent: "streamId" };
export const rowExists: Clause = { present: "streamId" };
export const desiredOpen: Clause = { equals: ["desired", "open"] };
export const statusIs = (status: Status): Clause => ({ equals: ["status", status] });
/** Neither completed nor failed for good: those are started by hand. */
export const notTerminal: Clause = {
  allOf: [{ differs: ["status", STATUS.completed] }, { differs: ["status", STATUS.failed] }],
};
export const desiredVersionIs = (version: number): Clause => ({ equals: ["desiredVersion", version] });
export const generationIs = (generation: number): Clause => ({ equals: ["generation", generation] });
export const ownedBy = (nonce: string): Clause => ({ equals: ["owner", nonce] });

/** Released, or run out by the writer's clock. */
export const leaseFree = (now: number): Clause => ({ anyOf: [{ absent: "owner" }, { atMost: ["expiresAt", now] }] });

/** No successor is about to connect: none claimed, or it was refused, or its time ran out. */
export const claimFree = (now: number): Clause => ({
  anyOf: [{ absent: "claim" }, { present: "claim.refused" }, { atMost: ["claim.until", now] }],
});

export const claimedBy = (nonce: string): Clause => ({ equals: ["claim.nonce", nonce] });

/** Nobody connects before `retryAt`: it binds every hop. */
export const retryPassed = (now: number): Clause => ({ anyOf: [{ absent: "retryAt" }, { atMost: ["retryAt", now] }] });
