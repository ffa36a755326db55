import { jsonReporter } from "./json-reporter";
import type { Reporter } from "./reporter";
import { textReporter } from "./text-reporter";

/**
 * The reporter on standard output: JSON lines with `--json`, otherwise text.
 *
 * @param command - how to run other commands in this folder
 */
export function reporterFor(json: boolean | undefined, command = "npx stream-ingestion"): Reporter {
  const { stdout, env } = process;
  if (json) return jsonReporter((text) => stdout.write(text), Date.now);
  // A dumb terminal cannot move the cursor. It gets lines, as a file does.
  const output = env.TERM === "dumb" ? { write: (text: string) => stdout.write(text) } : stdout;
  return textReporter(output, Date.now, command);
}
