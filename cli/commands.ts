import type { Command } from "commander";
import { addConsole } from "./console";
import { addFailures } from "./failures";
import { addHandover } from "./handover";
import { addList } from "./list";
import { addLocal } from "./local";
import { addReplay } from "./replay";
import { addSize } from "./size";
import { addStart } from "./start";
import { addStatus } from "./status";
import { addStop } from "./stop";
import { addTail } from "./tail";
import { addVerify } from "./verify";

/** Adds one command to the program. Its action loads heavy imports itself, so that `--help` is fast. */
export type AddCommand = (program: Command) => void;

/** Every command of `stream-ingestion`, in the order `--help` shows them. */
export const commands: readonly AddCommand[] = [
  addLocal,
  addConsole,
  addStart,
  addStop,
  addHandover,
  addList,
  addStatus,
  addTail,
  addVerify,
  addFailures,
  addReplay,
  addSize,
];
