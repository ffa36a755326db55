import { randomBytes, randomUUID } from "node:crypto";
import type { Cloud } from "../../cloud/cloud";
import { define, physicalName } from "../../resources/define";
import type { Secrets } from "./secrets";

interface SecretsCloud extends Cloud {
  readonly secrets: Secrets;
}

interface SecretInputs {
  readonly name?: string;
}

/** A secret without a value. */
export const secret = define<SecretsCloud, SecretInputs>({
  inputs: ["name", "description", "recoveryWindowInDays", "forceOverwriteReplicaSecret", "kmsKeyId", "policy", "tags"],
  replaceOn: ["name"],
  put({ secrets, region, accountId }, { name: pulumiName, inputs }, before) {
    const name = (before?.outputs.name as string | undefined) ?? physicalName(inputs.name, pulumiName, 255);
    const suffix = randomBytes(6).toString("base64url").replace(/[-_]/g, "x").slice(0, 6);
    const arn = before?.id ?? `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;
    secrets.put({ arn, name });
    return { id: arn, outputs: { name, arn } };
  },
  lookUp({ secrets }, id) {
    const found = secrets.find(id);
    return found && { id: found.arn, outputs: { name: found.name, arn: found.arn } };
  },
  remove: ({ secrets }, id) => secrets.remove(id),
});

interface SecretVersionInputs {
  readonly secretId: string;
  readonly secretString?: string;
  readonly secretBinary?: string;
  /** Write-only: set when the resource is created, and not compared. */
  readonly secretStringWo?: string;
  /** Version of the write-only value. A new version sets a new value. */
  readonly secretStringWoVersion?: number;
}

/** A value of a secret. A new value is a new version; the previous version is kept. */
export const secretVersion = define<SecretsCloud, SecretVersionInputs>({
  inputs: ["secretId", "secretString", "secretBinary", "secretStringWoVersion"],
  replaceOn: ["secretId", "secretString", "secretBinary", "secretStringWoVersion"],
  secretOutputs: ["secretString", "secretStringWo", "secretBinary"],
  put({ secrets }, { inputs }, before) {
    const { secretId, secretBinary, secretString = inputs.secretStringWo } = inputs;
    const versionId = before?.id.split("|")[1] ?? randomUUID();
    // An update has no new value. After a restart the value exists and may have been rotated.
    const hasValue = before !== undefined && (secrets.find(secretId)?.versions.length ?? 0) > 0;
    if (!hasValue) secrets.putValue(secretId, { secretString, secretBinary }, versionId);
    return { id: `${secretId}|${versionId}`, outputs: { versionId, arn: secretId, versionStages: ["AWSCURRENT"] } };
  },
  remove({ secrets }, id) {
    const [secretId = "", versionId = ""] = id.split("|");
    secrets.removeValue(secretId, versionId);
  },
});
