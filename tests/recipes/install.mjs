/**
 * Installs the servers that `servers.ts` starts: packages of npm and of PyPI, and Debian's etcd. In CI, an error ends the command.
 * Elsewhere, it is printed, and the tests that need the server are skipped.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const CACHE = resolve(FOLDER, "../../.cache/recipes");

const run = (command, args, cwd = FOLDER) =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });

function npmPackages() {
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

function pythonPackages() {
  const environment = join(CACHE, "python");
  if (!existsSync(environment)) run("python3", ["-m", "venv", environment]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  run(join(environment, "bin/python"), [...pip, "--requirement", "requirements.txt"]);
}

/** The package's files, without its service. */
function etcd() {
  const folder = join(CACHE, "etcd");
  if (existsSync(join(folder, "usr/bin/etcd"))) return;
  mkdirSync(folder, { recursive: true });
  const retries = ["--option", "Acquire::Retries=5"];
  const download = () => run("apt-get", ["download", "--quiet", ...retries, "etcd-server"], folder);
  try {
    download();
  } catch {
    // A new machine has no list of packages.
    run("apt-get", ["update", "--quiet", ...retries]);
    download();
  }
  const [archive] = readdirSync(folder).filter((file) => file.endsWith(".deb"));
  run("dpkg", ["--extract", archive, "."], folder);
}

mkdirSync(CACHE, { recursive: true });
for (const install of [npmPackages, pythonPackages, etcd]) {
  try {
    install();
  } catch (error) {
    console.error(`\nCannot install ${install.name} for the recipes: ${error.message}`);
    if (process.env.CI) process.exit(1);
    console.error("The tests that need it are SKIPPED.\n");
  }
}
