import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PolicyDocument, parsePolicy } from "../../cloud/access/policy";

/** The metadata of an object. */
export interface ObjectHead {
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  /** Other headers that are returned with the object. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

export interface Bucket {
  readonly name: string;
  policy?: PolicyDocument;
  put(head: Omit<ObjectHead, "etag" | "size" | "lastModified">, body: Buffer): ObjectHead;
  get(key: string): { readonly head: ObjectHead; readonly body: Buffer } | undefined;
  head(key: string): ObjectHead | undefined;
  delete(key: string): void;
  /** Sorted by key. */
  list(prefix: string): readonly ObjectHead[];
}

/** S3's buckets. */
export interface Buckets {
  put(name: string): Bucket;
  find(name: string): Bucket | undefined;
  setPolicy(name: string, json: string | undefined): void;
  /** @throws when the bucket is not empty and `force` is false, as S3 does */
  remove(name: string, force: boolean): void;
}

/** @param dataDir folder for the objects; absent: in memory */
export function createBuckets(dataDir?: string): Buckets {
  const buckets = new Map<string, Bucket>();
  const folderOf = (name: string) => dataDir && join(dataDir, "buckets", name);
  return {
    put(name) {
      const bucket = buckets.get(name) ?? openBucket(name, folderOf(name));
      buckets.set(name, bucket);
      return bucket;
    },
    find: (name) => buckets.get(name),
    setPolicy(name, json) {
      const bucket = buckets.get(name);
      if (bucket !== undefined) bucket.policy = json === undefined ? undefined : parsePolicy(json);
    },
    remove(name, force) {
      const bucket = buckets.get(name);
      if (!force && bucket !== undefined && bucket.list("").length > 0) {
        throw new Error(`The bucket ${name} is not empty. Set forceDestroy, or empty it first.`);
      }
      buckets.delete(name);
      const folder = folderOf(name);
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function openBucket(name: string, folder: string | undefined): Bucket {
  const bodies: Bodies = folder ? bodiesIn(folder) : bodiesInMemory();
  const heads = new Map(bodies.heads().map((head) => [head.key, head]));
  return {
    name,
    put(metadata, body) {
      const etag = `"${createHash("md5").update(body).digest("hex")}"`;
      const head = { ...metadata, etag, size: body.length, lastModified: Date.now() };
      bodies.write(head, body);
      heads.set(head.key, head);
      return head;
    },
    get(key) {
      const head = heads.get(key);
      return head && { head, body: bodies.read(key) };
    },
    head: (key) => heads.get(key),
    delete(key) {
      if (heads.delete(key)) bodies.delete(key);
    },
    list: (prefix) =>
      [...heads.values()]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
  };
}

interface Bodies {
  heads(): ObjectHead[];
  write(head: ObjectHead, body: Buffer): void;
  read(key: string): Buffer;
  delete(key: string): void;
}

function bodiesInMemory(): Bodies {
  const bodies = new Map<string, Buffer>();
  return {
    heads: () => [],
    write: ({ key }, body) => void bodies.set(key, body),
    read: (key) => bodies.get(key)!,
    delete: (key) => void bodies.delete(key),
  };
}

/** One file per object: a line with the metadata, then the bytes. Its name is a hash, because a key may not be a valid file name. */
function bodiesIn(folder: string): Bodies {
  mkdirSync(folder, { recursive: true });
  const fileOf = (key: string) => join(folder, createHash("sha256").update(key).digest("hex"));
  const split = (file: string) => {
    const content = readFileSync(file);
    const end = content.indexOf("\n");
    return { head: JSON.parse(content.toString("utf8", 0, end)) as ObjectHead, body: content.subarray(end + 1) };
  };
  return {
    heads: () =>
      (existsSync(folder) ? readdirSync(folder) : [])
        .filter((name) => !name.includes("."))
        .map((name) => split(join(folder, name)).head),
    write(head, body) {
      const file = fileOf(head.key);
      writeFileSync(`${file}.new`, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    read: (key) => split(fileOf(key)).body,
    delete: (key) => rmSync(fileOf(key), { force: true }),
  };
}
