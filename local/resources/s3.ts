import { define, inert, physicalName } from "./define";

interface BucketInputs {
  readonly bucket?: string;
  readonly bucketPrefix?: string;
  readonly forceDestroy?: boolean;
}

/** A bucket. `Bucket` and `BucketV2` are one type under two names in version 7 of the provider. */
export const bucket = define<BucketInputs>({
  inputs: ["bucket", "bucketPrefix", "forceDestroy", "tags", "objectLockEnabled"],
  replaceOn: ["bucket", "bucketPrefix", "objectLockEnabled"],
  put({ buckets, region }, { name, inputs }, before) {
    const id = before?.id ?? physicalName(inputs.bucket, (inputs.bucketPrefix ?? name).toLowerCase(), 63);
    buckets.put(id);
    return {
      id,
      outputs: {
        bucket: id,
        arn: `arn:aws:s3:::${id}`,
        bucketDomainName: `${id}.s3.amazonaws.com`,
        bucketRegionalDomainName: `${id}.s3.${region}.amazonaws.com`,
        forceDestroy: inputs.forceDestroy ?? false,
      },
    };
  },
  remove: ({ buckets }, id, { forceDestroy }) => buckets.remove(id, forceDestroy === true),
});

interface BucketPolicyInputs {
  readonly bucket: string;
  readonly policy: string;
}

/** Its denials hold for every call to the bucket. */
export const bucketPolicy = define<BucketPolicyInputs>({
  inputs: ["bucket", "policy"],
  replaceOn: ["bucket"],
  put({ buckets }, { inputs }) {
    buckets.setPolicy(inputs.bucket, inputs.policy);
    return { id: inputs.bucket };
  },
  remove: ({ buckets }, id) => buckets.setPolicy(id, undefined),
});

/** A setting of a bucket that changes nothing on one machine. */
export const bucketSetting = (...inputs: string[]) =>
  inert(["bucket", ...inputs], ["bucket"], (_, resource) => ({ id: String(resource.inputs.bucket) }));
