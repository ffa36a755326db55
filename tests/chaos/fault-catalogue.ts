import { DATABASE_FAULTS } from "./faults/database";
import { DELIVERY_FAULTS } from "./faults/deliveries";
import { OPERATOR_FAULTS } from "./faults/operators";
import { PROCESS_FAULTS } from "./faults/processes";
import { UPSTREAM_FAULTS } from "./faults/upstream";
import type { ChaosFault } from "./scene";

/** All known faults. */
export const FAULTS: readonly ChaosFault[] = [
  ...PROCESS_FAULTS,
  ...DELIVERY_FAULTS,
  ...DATABASE_FAULTS,
  ...UPSTREAM_FAULTS,
  ...OPERATOR_FAULTS,
];
