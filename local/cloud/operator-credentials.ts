import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Credentials, newCredentials } from "./access/principals";

const FILE = "operator.json";

/** The operator's credentials: those of the data folder, which stay the same across restarts, otherwise new ones. */
export function operatorCredentials(dataDir: string | undefined): Credentials {
  if (dataDir === undefined) return newCredentials();
  const file = join(dataDir, FILE);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Credentials;
  const credentials = newCredentials();
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
  return credentials;
}
