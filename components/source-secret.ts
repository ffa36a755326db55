import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { SourceArgs } from "./args";
import { type Scope, stateful } from "./scope";
import type { SourceParts } from "./source-parts";
import type { Stores } from "./stores";
import { transformed } from "./transform";

/** Creates the secret that each hop reads, so that a rotation needs no deployment. An existing secret is never changed. */
export function createSourceSecret(
  scope: Scope,
  secretArn: SourceArgs["secretArn"],
  parts: pulumi.Input<SourceParts> | undefined,
): Pick<Stores, "secret" | "secretVersion"> {
  const name = `${scope.name}-source`;
  if (secretArn !== undefined)
    return { secret: aws.secretsmanager.Secret.get(name, secretArn, undefined, { parent: scope.parent }) };
  const secret = new aws.secretsmanager.Secret(
    name,
    transformed<aws.secretsmanager.SecretArgs>(scope, "secret", name, {
      description: "URL, path, key, headers, query and messages of the upstream",
      kmsKeyId: scope.account.kmsKeyArn,
      recoveryWindowInDays: scope.retain ? undefined : 0,
      tags: scope.tags,
    }),
    stateful(scope),
  );
  const secretString = pulumi.secret(pulumi.jsonStringify(parts));
  const secretVersion = new aws.secretsmanager.SecretVersion(
    `${name}-version`,
    transformed<aws.secretsmanager.SecretVersionArgs>(scope, "secretVersion", `${name}-version`, {
      secretId: secret.id,
      // Write-only: a deployment compares the configuration with the previous one, not with the secret's current value. A value
      // that was rotated in AWS remains until the configuration changes.
      secretStringWo: secretString,
      secretStringWoVersion: secretString.apply(fingerprint),
    }),
    stateful(scope),
  );
  return { secret, secretVersion };
}

/** 31 bits of the value's hash, because the provider requires a number as the version. */
function fingerprint(value: string): number {
  return createHash("sha256").update(value).digest().readUInt32BE() >>> 1;
}
