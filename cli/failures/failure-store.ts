/** The operations on the failure bucket that the commands use. */
export interface FailureStore {
  /** Objects under a prefix, in the order of S3. */
  list(prefix: string): AsyncIterable<FailureObject>;
  /** `undefined`: the object does not exist. */
  get(key: string): Promise<string | undefined>;
  put(key: string, body: Uint8Array): Promise<void>;
  /** Also succeeds when the object does not exist. */
  delete(key: string): Promise<void>;
}

export interface FailureObject {
  readonly key: string;
  /** Epoch milliseconds of the last failure in it. */
  readonly at: number;
}

/** Endpoint and credentials in place of those of the AWS credential chain. */
export interface Access {
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The bucket through the AWS SDK. Set `AWS_ENDPOINT_URL` for a local bucket. */
export async function s3FailureStore(
  bucket: string,
  region: string | undefined,
  access: Access = {},
): Promise<FailureStore> {
  const s3 = await import("@aws-sdk/client-s3");
  const endpoint = access.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new s3.S3Client({ region, ...access, forcePathStyle: endpoint !== undefined });
  return {
    async *list(prefix) {
      for await (const { Contents = [] } of s3.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
        for (const { Key, LastModified } of Contents) yield { key: Key!, at: LastModified!.getTime() };
    },
    async get(key) {
      try {
        const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }));
        return await Body!.transformToString("utf8");
      } catch (error) {
        if ((error as Error).name === "NoSuchKey") return undefined;
        throw error;
      }
    },
    async put(key, body) {
      await client.send(new s3.PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    },
    async delete(key) {
      await client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
