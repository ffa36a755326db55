import type { Transport } from "./chaos-stack";
import { DATABASE_FAULTS } from "./faults/database";
import { DELIVERY_FAULTS } from "./faults/deliveries";
import { OPERATOR_FAULTS } from "./faults/operators";
import { PROCESS_FAULTS } from "./faults/processes";
import { UPSTREAM_FAULTS } from "./faults/upstream";
import { WEBSOCKET_FAULTS } from "./faults/websocket";
import type { ChaosFault } from "./scene";

const FAULTS: readonly ChaosFault[] = [...PROCESS_FAULTS, ...DELIVERY_FAULTS, ...DATABASE_FAULTS, ...OPERATOR_FAULTS];

/** All known faults of a deployment with this kind of source. */
export function faultsOf(transport: Transport): readonly ChaosFault[] {
  if (transport === "sse") return [...FAULTS, ...UPSTREAM_FAULTS];
  // A WebSocket has no status that means that the position is lost: an event says so.
  return [...WEBSOCKET_FAULTS, ...FAULTS, ...UPSTREAM_FAULTS.filter(({ name }) => name !== "position-expired")];
}
