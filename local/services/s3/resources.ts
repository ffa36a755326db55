import type { Cloud } from "../../cloud/cloud";
import { define, inert, physicalName } from "../../resources/define";
import type { Buckets } from "./buckets";

interface S3Cloud extends Cloud {
  readonly buckets: Buckets;
}

interface BucketInputs {
  readonly bucket?: string;
  readonly bucketPrefix?: string;
  readonly forceDestroy?: boolean;
}

/** A bucket. `Bucket` and `BucketV2` are one type under two names in version 7 of the provider. */
export const bucket = define<S3Cloud, BucketInputs>({
  inputs: ["bucket", "bucketPrefix", "forceDestroy", "tags", "objectLockEnabled"],
  replaceOn: ["bucket", "bucketPrefix", "objectLockEnabled"],
  put({ buckets, region }, { name, inputs }, before) {
    const id = before?.id ?? physicalName(inputs.bucket, (inputs.bucketPrefix ?? name).toLowerCase(), 63);
    buckets.put(id);
    return { id, outputs: { ...computed(region, id), forceDestroy: inputs.forceDestroy ?? false } };
  },
  lookUp: ({ buckets, region }, id) => (buckets.find(id) ? { id, outputs: computed(region, id) } : undefined),
  remove: ({ buckets }, id, { forceDestroy }) => buckets.remove(id, forceDestroy === true),
});

function computed(region: string, name: string): Record<string, string> {
  return {
    bucket: name,
    arn: `arn:aws:s3:::${name}`,
    bucketDomainName: `${name}.s3.amazonaws.com`,
    bucketRegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
  };
}

interface BucketPolicyInputs {
  readonly bucket: string;
  readonly policy: string;
}

/** A bucket policy. Its denials apply to every call to the bucket. */
export const bucketPolicy = define<S3Cloud, BucketPolicyInputs>({
  inputs: ["bucket", "policy"],
  replaceOn: ["bucket"],
  put({ buckets }, { inputs }) {
    buckets.setPolicy(inputs.bucket, inputs.policy);
    return { id: inputs.bucket };
  },
  remove: ({ buckets }, id) => buckets.setPolicy(id, undefined),
});

/** A setting of a bucket without effect here. */
export const bucketSetting = (...inputs: string[]) =>
  inert<S3Cloud>(["bucket", ...inputs], ["bucket"], (_, resource) => ({ id: String(resource.inputs.bucket) }));
