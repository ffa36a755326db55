import type { Command } from "commander";

/** Adds one command to the program. Heavy imports belong inside its action, so that `--help` stays quick. */
export type AddCommand = (program: Command) => void;

/** Every command of `stream-ingestion`, in the order `--help` shows them. */
export const commands: readonly AddCommand[] = [];
