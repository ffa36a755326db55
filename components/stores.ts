import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  DECLARED_ROW,
  EVENT_KEY,
  OVERSIZE_PREFIX,
  type SourceSecret,
  STREAM_ID_KEY,
  TTL_ATTRIBUTE,
} from "../runtime/contract";
import { checkExistingTable } from "./adopt";
import type { ConnectionsArgs, EventsArgs, SourceArgs, Transforms } from "./args";
import type { Arns } from "./permissions";
import { type Scope, stateful, transformed } from "./scope";

/** The resources that hold state. */
export interface Stores {
  readonly secret: aws.secretsmanager.Secret;
  readonly secretVersion: aws.secretsmanager.SecretVersion;
  readonly connectionTable: aws.dynamodb.Table;
  readonly eventTable: aws.dynamodb.Table;
  readonly bucket: aws.s3.Bucket;
  readonly arns: Arns;
}

/** The secret, and the version that makes it readable. */
export interface SourceSecretNodes {
  readonly secret: aws.secretsmanager.Secret;
  readonly secretVersion: aws.secretsmanager.SecretVersion;
}

/** URL, path, key, headers, query and messages in one secret: a hop reads it, so a rotation needs no deploy. */
export function createSourceSecret(scope: Scope, source: SourceArgs, transforms: Transforms): SourceSecretNodes {
  const secret = new aws.secretsmanager.Secret(
    `${scope.name}-source`,
    transformed<aws.secretsmanager.SecretArgs>(
      {
        description: "URL, path, key, headers, query and messages of the upstream",
        recoveryWindowInDays: scope.retain ? undefined : 0,
        tags: scope.tags,
      },
      transforms.secret,
    ),
    stateful(scope),
  );
  const { url, path, key, headers, query, body, tls, proxy, webSocket: { messages } = {} } = source;
  const oauth2 = source.oauth2 && { tokenUrl: source.oauth2.tokenUrl, clientId: source.oauth2.clientId };
  const parts: Record<keyof SourceSecret, unknown> = {
    url,
    path,
    key,
    headers,
    query,
    body,
    oauth2,
    tls,
    proxy,
    messages,
  };
  const value: pulumi.Input<Record<string, unknown>> = parts;
  const secretVersion = new aws.secretsmanager.SecretVersion(
    `${scope.name}-source-version`,
    { secretId: secret.id, secretString: pulumi.secret(pulumi.jsonStringify(value)) },
    stateful(scope),
  );
  return { secret, secretVersion };
}

/** One row per stream: who should run, who runs, up to where. Encrypted by DynamoDB with its own key, as every table is. */
export function createConnectionTable(
  scope: Scope,
  { table }: ConnectionsArgs,
  transforms: Transforms,
): aws.dynamodb.Table {
  const shape = { argument: "connections.table", hashKey: STREAM_ID_KEY, stream: false };
  return new aws.dynamodb.Table(
    `${scope.name}-connections`,
    transformed<aws.dynamodb.TableArgs>(
      {
        name: checkExistingTable(table, shape, scope.parent),
        billingMode: "PAY_PER_REQUEST",
        hashKey: STREAM_ID_KEY,
        attributes: [{ name: STREAM_ID_KEY, type: "S" }],
        pointInTimeRecovery: { enabled: true },
        tags: scope.tags,
      },
      transforms.connectionTable,
    ),
    stateful(scope, table),
  );
}

/** The declared streams as one row that the deployment owns: a deploy never touches a live row. */
export function createDeclaredRow(
  scope: Scope,
  table: aws.dynamodb.Table,
  streams: readonly string[],
): aws.dynamodb.TableItem {
  return new aws.dynamodb.TableItem(
    `${scope.name}-declared`,
    {
      tableName: table.name,
      hashKey: table.hashKey,
      item: JSON.stringify({ [STREAM_ID_KEY]: { S: DECLARED_ROW }, streams: { L: streams.map((S) => ({ S })) } }),
    },
    { parent: scope.parent },
  );
}

/** Every event once. The stream of its inserts feeds the processor. */
export function createEventTable(scope: Scope, { table }: EventsArgs, transforms: Transforms): aws.dynamodb.Table {
  const shape = { argument: "events.table", hashKey: STREAM_ID_KEY, rangeKey: EVENT_KEY, stream: true };
  return new aws.dynamodb.Table(
    `${scope.name}-events`,
    transformed<aws.dynamodb.TableArgs>(
      {
        name: checkExistingTable(table, shape, scope.parent),
        billingMode: "PAY_PER_REQUEST",
        hashKey: STREAM_ID_KEY,
        rangeKey: EVENT_KEY,
        attributes: [
          { name: STREAM_ID_KEY, type: "S" },
          { name: EVENT_KEY, type: "S" },
        ],
        ttl: { attributeName: TTL_ATTRIBUTE, enabled: true },
        streamEnabled: true,
        streamViewType: "NEW_IMAGE",
        pointInTimeRecovery: { enabled: true },
        tags: scope.tags,
      },
      transforms.eventTable,
    ),
    stateful(scope, table),
  );
}

/** Oversize events and failures. Private, TLS only. */
export function createBucket(
  scope: Scope,
  existing: string | undefined,
  ttlDays: number,
  transforms: Transforms,
): aws.s3.Bucket {
  const bucket = new aws.s3.Bucket(
    `${scope.name}-bucket`,
    transformed<aws.s3.BucketArgs>(
      { bucket: existing, forceDestroy: !scope.retain, tags: scope.tags },
      transforms.bucket,
    ),
    stateful(scope, existing),
  );
  // A retained bucket stays private, and encrypted on the way.
  const options = stateful(scope);
  const publicAccessBlock = new aws.s3.BucketPublicAccessBlock(
    `${scope.name}-bucket-private`,
    {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    options,
  );
  new aws.s3.BucketPolicy(
    `${scope.name}-bucket-policy`,
    {
      bucket: bucket.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      }),
    },
    // S3 refuses two changes of a bucket's access at once.
    { ...options, dependsOn: [publicAccessBlock] },
  );
  new aws.s3.BucketLifecycleConfiguration(
    `${scope.name}-bucket-lifecycle`,
    {
      bucket: bucket.id,
      rules: [
        {
          id: "expire-oversize",
          status: "Enabled",
          filter: { prefix: OVERSIZE_PREFIX },
          // DynamoDB deletes an expired item within days: what it points to goes after it.
          expiration: { days: ttlDays + 3 },
        },
      ],
    },
    options,
  );
  return bucket;
}
