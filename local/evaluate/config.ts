import { existsSync } from "node:fs";
import { join } from "node:path";
import { LocalError } from "../local-error";
import type { Project } from "./project";
import { readYaml } from "./project";

/** Configuration of one run. Keys are `namespace:name`; values are as Pulumi passes them (objects as JSON). */
export interface ProgramConfig {
  readonly values: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

/** `--config` and `--secret` of the command line. Keys without a namespace belong to the project. */
export interface ConfigOverrides {
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Merges the defaults of Pulumi.yaml, Pulumi.<stack>.yaml and the overrides, in this order. Encrypted values cannot be read
 * without the stack's passphrase or key service, so each of them needs an override.
 */
export function readConfig(project: Project, stack: string, overrides: ConfigOverrides): ProgramConfig {
  const file = ["yaml", "yml"]
    .map((end) => join(project.root, `Pulumi.${stack}.${end}`))
    .find((path) => existsSync(path));
  const stored = file === undefined ? {} : ((readYaml(file).config ?? {}) as Record<string, unknown>);
  return mergeConfig(project, stored, overrides, file ?? `Pulumi.${stack}.yaml`);
}

/** {@link readConfig} without file access. */
export function mergeConfig(
  project: Pick<Project, "name" | "configSchema">,
  stored: Readonly<Record<string, unknown>>,
  overrides: ConfigOverrides,
  file: string,
): ProgramConfig {
  const full = (key: string) => (key.includes(":") ? key : `${project.name}:${key}`);
  const values = new Map<string, string>();
  const secrets = new Set<string>();
  const encrypted = new Set<string>();

  for (const [key, declared] of Object.entries(project.configSchema)) {
    const schema =
      typeof declared === "object" && declared !== null ? (declared as Record<string, unknown>) : { default: declared };
    const value = schema.default ?? schema.value;
    if (value !== undefined && value !== null) values.set(full(key), text(value));
    if (schema.secret === true) secrets.add(full(key));
  }
  for (const [key, value] of Object.entries(stored)) {
    if (isSecure(value)) encrypted.add(full(key));
    else values.set(full(key), text(value));
  }
  for (const [key, value] of Object.entries(overrides.config)) values.set(full(key), value);
  for (const [key, value] of Object.entries(overrides.secrets)) {
    values.set(full(key), value);
    secrets.add(full(key));
  }

  for (const key of encrypted) {
    const name = key.replace(`${project.name}:`, "");
    if (!Object.keys({ ...overrides.config, ...overrides.secrets }).some((override) => full(override) === key)) {
      throw new LocalError(
        `\`${name}\` is encrypted in ${file}, and the local stack cannot decrypt it. Pass its value with --secret ${name}=VALUE`,
      );
    }
    secrets.add(key);
  }
  return { values: Object.fromEntries(values), secretKeys: [...secrets].filter((key) => values.has(key)) };
}

function text(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** `{secure: ciphertext}`, at any depth. */
function isSecure(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "secure" in value || Object.values(value).some(isSecure);
}
