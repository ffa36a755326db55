import { jsonReporter } from "./json-reporter";
import type { Reporter } from "./reporter";
import { textReporter } from "./text-reporter";

/** The reporter on standard output: JSON lines with `--json`, otherwise text. */
export function reporterFor(json: boolean | undefined): Reporter {
  const { stdout } = process;
  return json ? jsonReporter((text) => stdout.write(text), Date.now) : textReporter(stdout, Date.now);
}
