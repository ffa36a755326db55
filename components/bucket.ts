import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { OVERSIZE_PREFIX, PROGRESS_PREFIX, type Storage } from "../runtime/contract";
import { type Scope, stateful } from "./scope";
import { transformed } from "./transform";

export interface BucketSpec {
  /** Name of an existing bucket; absent = a new one. */
  readonly existing?: pulumi.Input<string>;
  /** Whether an existing bucket gets the settings of a new one. */
  readonly manage: boolean;
  readonly ttlDays: number;
  readonly storage: Storage | undefined;
}

/** Creates the bucket for oversize events and failures. It is private and accepts only TLS. */
export function createBucket(scope: Scope, { existing, manage, ttlDays, storage }: BucketSpec): aws.s3.Bucket {
  const name = `${scope.name}-bucket`;
  const bucket =
    existing === undefined
      ? new aws.s3.Bucket(
          name,
          transformed<aws.s3.BucketArgs>(scope, "bucket", name, { forceDestroy: !scope.retain, tags: scope.tags }),
          stateful(scope),
        )
      : aws.s3.Bucket.get(name, existing, undefined, { parent: scope.parent });
  if (existing === undefined || manage) createBucketSettings(scope, bucket, ttlDays, storage);
  return bucket;
}

/** The settings are retained together with the bucket. */
function createBucketSettings(
  scope: Scope,
  bucket: aws.s3.Bucket,
  ttlDays: number,
  storage: Storage | undefined,
): void {
  const name = `${scope.name}-bucket`;
  const options = stateful(scope);
  const publicAccessBlock = new aws.s3.BucketPublicAccessBlock(
    `${name}-private`,
    transformed<aws.s3.BucketPublicAccessBlockArgs>(scope, "bucketPublicAccessBlock", `${name}-private`, {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    }),
    options,
  );
  new aws.s3.BucketPolicy(
    `${name}-policy`,
    transformed<aws.s3.BucketPolicyArgs>(scope, "bucketPolicy", `${name}-policy`, {
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
    }),
    // S3 rejects concurrent changes to a bucket's access settings.
    { ...options, dependsOn: [publicAccessBlock] },
  );
  new aws.s3.BucketLifecycleConfiguration(
    `${name}-lifecycle`,
    transformed<aws.s3.BucketLifecycleConfigurationArgs>(scope, "bucketLifecycle", `${name}-lifecycle`, {
      bucket: bucket.id,
      rules: [
        {
          id: "expire-oversize",
          status: "Enabled",
          filter: { prefix: OVERSIZE_PREFIX },
          // DynamoDB deletes expired items within a few days. Their objects must expire later.
          expiration: { days: ttlDays + 3 },
        },
        // A record is delivered again for at most a day.
        ...(storage
          ? [
              {
                id: "expire-progress",
                status: "Enabled",
                filter: { prefix: PROGRESS_PREFIX },
                expiration: { days: 3 },
              },
            ]
          : []),
      ],
    }),
    options,
  );
  const { kmsKeyArn } = scope.account;
  if (kmsKeyArn === undefined) return;
  new aws.s3.BucketServerSideEncryptionConfiguration(
    `${name}-encryption`,
    transformed<aws.s3.BucketServerSideEncryptionConfigurationArgs>(scope, "bucketEncryption", `${name}-encryption`, {
      bucket: bucket.id,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
          // S3 then sends one request to KMS for many objects.
          bucketKeyEnabled: true,
        },
      ],
    }),
    options,
  );
}
