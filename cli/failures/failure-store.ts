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

/** The failure bucket of an account. */
export interface S3FailureStore extends FailureStore {
  /** As {@link FailureStore.get}, of an object that can contain any bytes. */
  bytes(key: string): Promise<Buffer | undefined>;
  /** Closes its connections. */
  close(): void;
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
): Promise<S3FailureStore> {
  const s3 = await import("@aws-sdk/client-s3");
  const endpoint = access.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new s3.S3Client({ region, ...access, forcePathStyle: endpoint !== undefined });
  async function bytes(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from(await Body!.transformToByteArray());
    } catch (error) {
      if ((error as Error).name === "NoSuchKey") return undefined;
      throw error;
    }
  }
  return {
    async *list(prefix) {
      for await (const { Contents = [] } of s3.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
        for (const { Key, LastModified } of Contents) yield { key: Key!, at: LastModified!.getTime() };
    },
    bytes,
    get: async (key) => (await bytes(key))?.toString(),
    async put(key, body) {
      await client.send(new s3.PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    },
    async delete(key) {
      await client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    close: () => client.destroy(),
  };
}
