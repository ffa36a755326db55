import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { environment } from "./environment";

/**
 * The release of this invocation: the code that runs, and the configuration that it runs with. AWS updates them one after the other,
 * so the environment alone would name a release whose code does not run yet.
 */
export function runningRelease(codeFile: string): string {
  const code = createHash("sha256").update(readFileSync(codeFile, "utf8")).digest("hex").slice(0, 16);
  return `${code}-${environment("release")}`;
}
