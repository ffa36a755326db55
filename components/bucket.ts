import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { OVERSIZE_PREFIX } from "../runtime/contract";
import { type Scope, stateful } from "./scope";
import { transformed } from "./transform";

export interface BucketSpec {
  /** Name of an existing bucket, which is read and never changed. Absent: a new one. */
  readonly existing?: pulumi.Input<string>;
  readonly ttlDays: number;
}

/** Oversize events and failures. Private, TLS only. */
export function createBucket(scope: Scope, { existing, ttlDays }: BucketSpec): aws.s3.Bucket {
  const name = `${scope.name}-bucket`;
  if (existing !== undefined) return aws.s3.Bucket.get(name, existing, undefined, { parent: scope.parent });
  const bucket = new aws.s3.Bucket(
    name,
    transformed<aws.s3.BucketArgs>(scope, "bucket", name, { forceDestroy: !scope.retain, tags: scope.tags }),
    stateful(scope),
  );
  createBucketSettings(scope, bucket, ttlDays);
  return bucket;
}

/** A bucket that outlives the stack keeps them. */
function createBucketSettings(scope: Scope, bucket: aws.s3.Bucket, ttlDays: number): void {
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
    // S3 refuses two changes of a bucket's access at once.
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
          // DynamoDB deletes an expired item within days: what it points to goes after it.
          expiration: { days: ttlDays + 3 },
        },
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
          // One request to KMS serves many objects.
          bucketKeyEnabled: true,
        },
      ],
    }),
    options,
  );
}
