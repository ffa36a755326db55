#!/usr/bin/env node
import "./node-version";
import { Command } from "commander";
import { endOnClosedPipe } from "./closed-pipe";
import { commands } from "./commands";
import { jsonUsageErrors } from "./usage-error";

endOnClosedPipe(process);

const program = new Command("stream-ingestion")
  .description("Run and operate StreamIngestion deployments.")
  .version((require("./package.json") as { version: string }).version);
jsonUsageErrors(program, process.argv.slice(2));
for (const add of commands) add(program);

program.parseAsync().catch((error: unknown) => {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${process.env.STREAM_INGESTION_DEBUG ? stack : `error: ${message}`}\n`);
  process.exitCode = 1;
});
