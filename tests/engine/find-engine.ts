import { execFileSync } from "node:child_process";
import { delimiter, dirname, resolve } from "node:path";

/** Adds a Pulumi CLI to PATH, where the Automation API finds it. Builds one if there is none. */
export function mochaGlobalSetup(): void {
  const script = resolve(__dirname, "../../scripts/pulumi-engine.mjs");
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  const cli = execFileSync(process.execPath, [script], { encoding: "utf8", stdio }).trim();
  process.env.PATH = `${dirname(cli)}${delimiter}${process.env.PATH}`;
}
