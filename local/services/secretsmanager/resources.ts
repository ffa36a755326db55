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
    const end = randomBytes(6).toString("base64url").replace(/[-_]/g, "x").slice(0, 6);
    const arn = before?.id ?? `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${end}`;
    secrets.put({ arn, name });
    return { id: arn, outputs: { name, arn } };
  },
  remove: ({ secrets }, id) => secrets.remove(id),
});

interface SecretVersionInputs {
  readonly secretId: string;
  readonly secretString?: string;
  readonly secretBinary?: string;
}

/** A value of a secret. Another value is another version: the one before stays for a while. */
export const secretVersion = define<SecretsCloud, SecretVersionInputs>({
  inputs: ["secretId", "secretString", "secretBinary"],
  replaceOn: ["secretId", "secretString", "secretBinary"],
  secretOutputs: ["secretString", "secretBinary"],
  put({ secrets }, { inputs }, before) {
    const { secretId, secretString, secretBinary } = inputs;
    const versionId = before?.id.split("|")[1] ?? randomUUID();
    // An update brings no new value. After a restart the value is there, and may have been rotated since.
    const isThere = before !== undefined && (secrets.find(secretId)?.versions.length ?? 0) > 0;
    if (!isThere) secrets.putValue(secretId, { secretString, secretBinary }, versionId);
    return { id: `${secretId}|${versionId}`, outputs: { versionId, arn: secretId, versionStages: ["AWSCURRENT"] } };
  },
  remove({ secrets }, id) {
    const [secretId = "", versionId = ""] = id.split("|");
    secrets.removeValue(secretId, versionId);
  },
});
