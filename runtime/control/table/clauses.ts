import { STATUS, type Status } from "../../contract";
import type { Clause } from "./row-change";

/**
 * The clauses that the conditions of the lease protocol consist of. `now` is the writer's clock.
 *
 *      claim                        acquire                       expiresAt
 *        │ claimFree                  │ leaseFree or claimedBy      │
 *     ───┼────────────────────────────┼────────────────────────────┼───▶
 *        generationIs(named)          generation +1                 leaseFree for all hops
 */
export const rowMissing: Clause = { absent: "streamId" };
export const desiredOpen: Clause = { equals: ["desired", "open"] };
export const statusIs = (status: Status): Clause => ({ equals: ["status", status] });
/** Neither completed nor failed permanently: only a start request runs such a stream again. */
export const notTerminal: Clause = {
  allOf: [{ differs: ["status", STATUS.completed] }, { differs: ["status", STATUS.failed] }],
};
export const desiredVersionIs = (version: number): Clause => ({ equals: ["desiredVersion", version] });
export const generationIs = (generation: number): Clause => ({ equals: ["generation", generation] });
export const ownedBy = (nonce: string): Clause => ({ equals: ["owner", nonce] });

/** Released, or expired by the writer's clock. */
export const leaseFree = (now: number): Clause => ({ anyOf: [{ absent: "owner" }, { atMost: ["expiresAt", now] }] });

/** There is no claim, or it has expired, or its successor was refused and did not wait for the release. */
export const claimFree = (now: number): Clause => ({
  anyOf: [
    { absent: "claim" },
    { allOf: [{ present: "claim.refused" }, { absent: "claim.waits" }] },
    { atMost: ["claim.until", now] },
  ],
});

export const claimedBy = (nonce: string): Clause => ({ equals: ["claim.nonce", nonce] });

/** No hop connects before `retryAt`. */
export const retryPassed = (now: number): Clause => ({ anyOf: [{ absent: "retryAt" }, { atMost: ["retryAt", now] }] });
