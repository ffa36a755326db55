import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AwsError } from "../../cloud/aws-error";

/** Secrets Manager's secrets. */
export interface Secrets {
  put(secret: { readonly arn: string; readonly name: string }): void;
  remove(arn: string): void;
  find(id: string): Secret | undefined;
  /** @throws AwsError when the secret does not exist */
  get(id: string): Secret;
  /** The new value becomes AWSCURRENT, the previous one AWSPREVIOUS. */
  putValue(id: string, value: SecretValue, versionId?: string): SecretVersion;
  removeValue(id: string, versionId: string): void;
}

export interface SecretValue {
  readonly secretString?: string;
  /** Base64. */
  readonly secretBinary?: string;
}

export interface SecretVersion extends SecretValue {
  readonly versionId: string;
  /** Epoch seconds. */
  readonly createdDate: number;
}

export interface Secret {
  readonly arn: string;
  readonly name: string;
  /** Oldest first; the last one is AWSCURRENT. */
  readonly versions: readonly SecretVersion[];
}

/** AWS keeps more, but only the last two have a staging label here. */
const KEPT_VERSIONS = 2;

/** @param dataDir folder for the secrets, in a file that only its owner can read; absent: in memory */
export function createSecrets(dataDir?: string): Secrets {
  const file = dataDir && join(dataDir, "secrets.json");
  const kept = file && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Secret[]) : [];
  const secrets = new Map(kept.map((secret) => [secret.arn, secret]));

  function save(): void {
    if (file) writeFileSync(file, JSON.stringify([...secrets.values()]), { mode: 0o600 });
  }

  const find = (id: string) => secrets.get(id) ?? [...secrets.values()].find(({ name }) => name === id);

  function get(id: string): Secret {
    const secret = find(id);
    if (secret === undefined) {
      throw new AwsError("ResourceNotFoundException", 400, "Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  function putValue(id: string, value: SecretValue, versionId: string = randomUUID()): SecretVersion {
    const secret = get(id);
    const version = { ...value, versionId, createdDate: Math.floor(Date.now() / 1000) };
    const others = secret.versions.filter((other) => other.versionId !== versionId);
    secrets.set(secret.arn, { ...secret, versions: [...others, version].slice(-KEPT_VERSIONS) });
    save();
    return version;
  }

  return {
    put({ arn, name }) {
      if (!secrets.has(arn)) secrets.set(arn, { arn, name, versions: [] });
      save();
    },
    remove(arn) {
      secrets.delete(arn);
      save();
    },
    find,
    get,
    putValue,
    removeValue(id, versionId) {
      const secret = find(id);
      if (secret === undefined) return;
      const versions = secret.versions.filter((version) => version.versionId !== versionId);
      secrets.set(secret.arn, { ...secret, versions });
      save();
    },
  };
}
