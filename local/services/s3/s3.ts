import type { Service } from "../service";
import { type Buckets, createBuckets } from "./buckets";
import { bucket, bucketPolicy, bucketSetting } from "./resources";
import { s3Protocol } from "./s3-protocol";

export const s3: Service<{ readonly buckets: Buckets }> = {
  open({ dataDir }) {
    const buckets = createBuckets(dataDir);
    return { model: { buckets }, protocol: { signingName: "s3", ...s3Protocol(buckets) } };
  },
  resources: {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketSetting("rules"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": bucketSetting("rule"),
    "aws:s3/bucketPolicy:BucketPolicy": bucketPolicy,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketSetting(
      "blockPublicAcls",
      "blockPublicPolicy",
      "ignorePublicAcls",
      "restrictPublicBuckets",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketSetting("rules"),
    "aws:s3/bucketV2:BucketV2": bucket,
    "aws:s3/bucketVersioning:BucketVersioning": bucketSetting("versioningConfiguration"),
  },
};
