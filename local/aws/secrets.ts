import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AwsError } from "./aws-error";
import { failAsJson, type Operation, type Service } from "./service";

/** Secrets Manager. */
export interface Secrets {
  put(secret: { readonly arn: string; readonly name: string }): void;
  remove(arn: string): void;
  find(id: string): Secret | undefined;
  /** The new value is AWSCURRENT, the one before it AWSPREVIOUS. */
  putValue(id: string, value: SecretValue, versionId?: string): SecretVersion;
  removeValue(id: string, versionId: string): void;
  readonly service: Service;
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
  /** Oldest first: the last is AWSCURRENT. */
  readonly versions: readonly SecretVersion[];
}

/** AWS keeps more; nobody here asks for older than the previous one. */
const KEPT_VERSIONS = 2;

/** @param dataDir keeps the secrets in a file that its owner alone can read; absent = in memory */
export function createSecrets(dataDir?: string): Secrets {
  const file = dataDir && join(dataDir, "secrets.json");
  const kept = file && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Secret[]) : [];
  const secrets = new Map(kept.map((secret) => [secret.arn, secret]));

  function save(): void {
    if (file) writeFileSync(file, JSON.stringify([...secrets.values()]), { mode: 0o600 });
  }

  const find = (id: string) => secrets.get(id) ?? [...secrets.values()].find(({ name }) => name === id);

  function existing(id: string): Secret {
    const secret = find(id);
    if (secret === undefined) {
      throw new AwsError("ResourceNotFoundException", 400, "Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  function putValue(id: string, value: SecretValue, versionId: string = randomUUID()): SecretVersion {
    const secret = existing(id);
    const version = { ...value, versionId, createdDate: Math.floor(Date.now() / 1000) };
    const others = secret.versions.filter((other) => other.versionId !== versionId);
    secrets.set(secret.arn, { ...secret, versions: [...others, version].slice(-KEPT_VERSIONS) });
    save();
    return version;
  }

  function stagesOf({ versions }: Secret, version: SecretVersion): string[] {
    const age = versions.length - 1 - versions.indexOf(version);
    return [["AWSCURRENT"], ["AWSPREVIOUS"]][age] ?? [];
  }

  const OPERATIONS: Readonly<Record<string, (secret: Secret, input: Input) => object>> = {
    GetSecretValue(secret, { VersionId, VersionStage = "AWSCURRENT" }) {
      const version = secret.versions.find((candidate) =>
        VersionId === undefined
          ? stagesOf(secret, candidate).includes(VersionStage)
          : candidate.versionId === VersionId,
      );
      if (version === undefined) {
        const wanted = VersionId ?? `staging label: ${VersionStage}`;
        throw new AwsError(
          "ResourceNotFoundException",
          400,
          `Secrets Manager can't find the specified secret value for ${wanted}`,
        );
      }
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.versionId,
        VersionStages: stagesOf(secret, version),
        SecretString: version.secretString,
        SecretBinary: version.secretBinary,
        CreatedDate: version.createdDate,
      };
    },
    DescribeSecret: (secret) => ({
      ARN: secret.arn,
      Name: secret.name,
      LastChangedDate: secret.versions[secret.versions.length - 1]?.createdDate,
      VersionIdsToStages: Object.fromEntries(
        secret.versions.map((version) => [version.versionId, stagesOf(secret, version)]),
      ),
    }),
    PutSecretValue: putNew,
    UpdateSecret: putNew,
  };

  function putNew(secret: Secret, { SecretString, SecretBinary, ClientRequestToken }: Input): object {
    const value = { secretString: SecretString, secretBinary: SecretBinary };
    const { versionId } = putValue(secret.arn, value, ClientRequestToken);
    return { ARN: secret.arn, Name: secret.name, VersionId: versionId, VersionStages: ["AWSCURRENT"] };
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
    putValue,
    removeValue(id, versionId) {
      const secret = find(id);
      if (secret === undefined) return;
      const versions = secret.versions.filter((version) => version.versionId !== versionId);
      secrets.set(secret.arn, { ...secret, versions });
      save();
    },
    service: {
      open({ headers, body }): Operation {
        const operation = /^secretsmanager\.(\w+)$/.exec(headers["x-amz-target"] ?? "")?.[1] ?? "";
        const run = OPERATIONS[operation];
        if (run === undefined) {
          throw new AwsError("UnknownOperationException", 400, `The local Secrets Manager does not know ${operation}.`);
        }
        const input = JSON.parse(body.toString()) as Input;
        const id = input.SecretId ?? "";
        return {
          permissions: [{ action: `secretsmanager:${operation}`, resource: find(id)?.arn ?? id }],
          run: async () => ({
            status: 200,
            headers: { "content-type": "application/x-amz-json-1.1" },
            body: JSON.stringify(run(existing(id), input)),
          }),
        };
      },
      fail: failAsJson,
    },
  };
}

interface Input {
  readonly SecretId?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly SecretString?: string;
  readonly SecretBinary?: string;
  readonly ClientRequestToken?: string;
}
