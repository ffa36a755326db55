import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Operation, type Protocol } from "../../cloud/protocol";
import type { Secret, Secrets, SecretVersion } from "./secrets";

interface Input {
  readonly SecretId?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly SecretString?: string;
  readonly SecretBinary?: string;
  readonly ClientRequestToken?: string;
}

/** Secrets Manager's JSON protocol: read, describe and write values. */
export function secretsManagerProtocol(secrets: Secrets): Protocol {
  function putNew(secret: Secret, { SecretString, SecretBinary, ClientRequestToken }: Input): object {
    const value = { secretString: SecretString, secretBinary: SecretBinary };
    const { versionId } = secrets.putValue(secret.arn, value, ClientRequestToken);
    return { ARN: secret.arn, Name: secret.name, VersionId: versionId, VersionStages: ["AWSCURRENT"] };
  }

  const operations: Readonly<Record<string, (secret: Secret, input: Input) => object>> = {
    GetSecretValue(secret, { VersionId, VersionStage = "AWSCURRENT" }) {
      const version = secret.versions.find((candidate) =>
        VersionId === undefined
          ? stagesOf(secret, candidate).includes(VersionStage)
          : candidate.versionId === VersionId,
      );
      if (version === undefined) {
        const requested = VersionId ?? `staging label: ${VersionStage}`;
        throw new AwsError(
          "ResourceNotFoundException",
          400,
          `Secrets Manager can't find the specified secret value for ${requested}`,
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

  return {
    open({ headers, body }): Operation {
      const operation = /^secretsmanager\.(\w+)$/.exec(headers["x-amz-target"] ?? "")?.[1] ?? "";
      const run = operations[operation];
      if (run === undefined) {
        throw new AwsError(
          "UnknownOperationException",
          400,
          `The local Secrets Manager does not support ${operation}.`,
        );
      }
      const input = JSON.parse(body.toString()) as Input;
      const id = input.SecretId ?? "";
      return {
        permissions: [{ action: `secretsmanager:${operation}`, resource: secrets.find(id)?.arn ?? id }],
        run: async () => ({
          status: 200,
          headers: { "content-type": "application/x-amz-json-1.1" },
          body: JSON.stringify(run(secrets.get(id), input)),
        }),
      };
    },
    fail: failAsJson,
  };
}

function stagesOf({ versions }: Secret, version: SecretVersion): string[] {
  const age = versions.length - 1 - versions.indexOf(version);
  return [["AWSCURRENT"], ["AWSPREVIOUS"]][age] ?? [];
}
