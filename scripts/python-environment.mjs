// Makes a virtual environment with the packages of a requirements file in a cache folder, once per version of that file.
// `npm run test:models`, `test:moto` and `test:languages` use it. It needs python3 with venv. Progress goes to stderr.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const REQUIREMENTS = join(import.meta.dirname, "../tests/requirements.txt");

/** The path of the environment's `bin` folder. @throws Error that says what is missing, or the end of pip's output */
export function pythonEnvironment(requirements = REQUIREMENTS) {
  const version = run("python3", ["--version"], "Install Python 3.10 or later.");
  const id = createHash("sha256").update(version).update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "stream-ingestion", `python-${id}`);
  const complete = join(folder, "complete");
  if (!existsSync(complete)) {
    process.stderr.write(`python-environment: installing ${requirements} into ${folder} (up to 3 minutes, once)\n`);
    rmSync(folder, { recursive: true, force: true });
    run("python3", ["-m", "venv", folder], "Install Python's venv module (on Debian: python3-venv).");
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements];
    run(join(folder, "bin/python"), pip, "Check the connection to the package index.");
    // Written last, so that an interrupted installation is repeated.
    writeFileSync(complete, "");
  }
  return join(folder, "bin");
}

function run(command, args, advice) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const output = String(error.stderr ?? error.message).slice(-2000);
    throw new Error(`${command} ${args.join(" ")} failed. ${advice}\n${output}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${pythonEnvironment()}\n`);
  } catch (error) {
    process.stderr.write(`python-environment: ${error.message}\n`);
    process.exitCode = 1;
  }
}
