import { execFile } from "node:child_process";
import { join } from "node:path";
import { pythonEnvironment } from "../../scripts/python-environment.mjs";
import { skipWithout } from "../skip-without";

/** Makes the environment before the tests. Without Python, the tests are skipped, except in CI, where they fail. */
export function usePython(): void {
  before(function () {
    this.timeout(0);
    try {
      pythonEnvironment();
    } catch (error) {
      skipWithout(this, (error as Error).message);
    }
  });
}

/** Runs a Python script of this folder in the environment of tests/requirements.txt, with JSON as input and output. */
export function python<T>(script: string, args: readonly string[], input: unknown): Promise<T> {
  const file = join(pythonEnvironment(), "python");
  return new Promise((resolve, reject) => {
    const maxBuffer = 64 * 1024 * 1024;
    const child = execFile(file, [join(__dirname, script), ...args], { maxBuffer }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${script} ${args.join(" ")} failed: ${stderr || error.message}`));
      else resolve(JSON.parse(stdout));
    });
    child.stdin!.end(JSON.stringify(input));
  });
}
