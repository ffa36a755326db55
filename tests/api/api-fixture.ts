import { type ConnectionRow, type HopPayload, ZERO_COUNTERS } from "../../runtime/contract";
import type { ApiRequest } from "../../runtime/control/api/request";
import type { ControlDeps } from "../../runtime/control/deps";
import type { StoredRow } from "../../runtime/control/table/row-change";
import { silentLogger } from "../../runtime/support/logger";
import { memoryTable } from "../control/memory-table";

export const NOW = Date.UTC(2026, 10, 24, 12);

export interface Deployment {
  readonly deps: ControlDeps;
  readonly rows: Map<string, StoredRow>;
  readonly invoked: HopPayload[];
}

/** The control plane with a table in memory and a clock fixed at {@link NOW}. As in a deployment, every row has counters. */
export function deployment(...rows: readonly (Partial<ConnectionRow> & { streamId: string })[]): Deployment {
  const stored = new Map(rows.map((row) => [row.streamId, { counters: ZERO_COUNTERS, ...row } as StoredRow]));
  const invoked: HopPayload[] = [];
  let nonces = 0;
  return {
    rows: stored,
    invoked,
    deps: {
      table: memoryTable(stored),
      invoke: async (payload) => void invoked.push(payload),
      clock: { now: () => NOW, sleep: async () => {} },
      logger: silentLogger,
      newNonce: () => `nonce-${nonces++}`,
    },
  };
}

export function request(change: Partial<ApiRequest> = {}): ApiRequest {
  return { method: "GET", resource: "/connections/{streamId}", streamId: "prices", query: {}, body: "", ...change };
}

export const liveRow = {
  streamId: "prices",
  desired: "open",
  desiredVersion: 1,
  status: "open",
  generation: 4,
  owner: "secret-nonce",
  expiresAt: NOW + 20_000,
  counters: ZERO_COUNTERS,
} as const;
