import type { Command } from "commander";

/** Writes wrong options and arguments as JSON to stderr where the command line contains `--json`, as other errors. Call it before commands are added. */
export function jsonUsageErrors(program: Command, args: readonly string[]): Command {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  if (!own.includes("--json")) return program;
  return program.configureOutput({
    outputError: (text, write) => {
      const message = text.trim().replace(/^error: /, "");
      write(`${JSON.stringify({ code: "OPTION_INVALID", message })}\n`);
    },
  });
}
