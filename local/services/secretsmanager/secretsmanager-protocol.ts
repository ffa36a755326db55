import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Operation, type Protocol } from "../../cloud/protocol";
import { readInput, refuseOthers, unsupported } from "../../cloud/unsupported";
import type { Secret, Secrets, SecretValue, SecretVersion } from "./secrets";

interface Input {
  readonly SecretId?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly SecretString?: string;
  readonly SecretBinary?: string;
  readonly ClientRequestToken?: string;
  readonly VersionStages?: readonly string[];
}

const SERVICE = "Secrets Manager";
const CURRENT = "AWSCURRENT";
const VALUE = ["SecretId", "SecretString", "SecretBinary", "ClientRequestToken"];
/** The parameters of each operation. */
const MODELLED: Readonly<Record<string, readonly string[]>> = {
  GetSecretValue: ["SecretId", "VersionId", "VersionStage"],
  DescribeSecret: ["SecretId"],
  PutSecretValue: [...VALUE, "VersionStages"],
  UpdateSecret: VALUE,
};

/** Secrets Manager's JSON protocol: read, describe and write values. */
export function secretsManagerProtocol(secrets: Secrets): Protocol {
  function putNew(secret: Secret, { SecretString, SecretBinary, ClientRequestToken, VersionStages }: Input): object {
    if ((SecretString === undefined) === (SecretBinary === undefined))
      throw new AwsError("InvalidParameterException", 400, "Expected either SecretString or SecretBinary.");
    const stages = VersionStages?.join() ?? CURRENT;
    if (stages !== CURRENT) throw unsupported(SERVICE, `PutSecretValue with VersionStages ${stages}`);
    const value = { secretString: SecretString, secretBinary: SecretBinary };
    const { versionId } =
      written(secret, value, ClientRequestToken) ?? secrets.putValue(secret.arn, value, ClientRequestToken);
    return { ARN: secret.arn, Name: secret.name, VersionId: versionId };
  }

  const operations: Readonly<Record<string, (secret: Secret, input: Input) => object>> = {
    GetSecretValue(secret, { VersionId, VersionStage = VersionId === undefined ? CURRENT : undefined }) {
      const version = secret.versions.find(
        (candidate) =>
          (VersionId === undefined || candidate.versionId === VersionId) &&
          (VersionStage === undefined || stagesOf(secret, candidate).includes(VersionStage)),
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
    PutSecretValue: (secret, input) => ({ ...putNew(secret, input), VersionStages: [CURRENT] }),
    UpdateSecret: putNew,
  };

  return {
    open(request): Operation {
      const operation = /^secretsmanager\.(\w+)$/.exec(request.headers["x-amz-target"] ?? "")?.[1] ?? "";
      const run = operations[operation];
      if (run === undefined) throw unsupported(SERVICE, operation);
      const input: Input & Record<string, unknown> = readInput(request);
      refuseOthers(SERVICE, operation, input, MODELLED[operation]!);
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

/**
 * The version that an earlier call with this token wrote. Its retry changes nothing.
 * @throws AwsError when the token was used for another value
 */
function written({ versions }: Secret, value: SecretValue, token: string | undefined): SecretVersion | undefined {
  const version = versions.find(({ versionId }) => versionId === token);
  if (version?.secretString === value.secretString && version?.secretBinary === value.secretBinary) return version;
  if (version === undefined) return undefined;
  const used = `Expected a new ClientRequestToken for another value, got ${token}.`;
  throw new AwsError("ResourceExistsException", 400, used);
}

function stagesOf({ versions }: Secret, version: SecretVersion): string[] {
  const age = versions.length - 1 - versions.indexOf(version);
  return [[CURRENT], ["AWSPREVIOUS"]][age] ?? [];
}
