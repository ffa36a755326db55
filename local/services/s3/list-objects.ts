import { AwsError } from "../../cloud/aws-error";
import type { AwsResponse } from "../../cloud/protocol";
import { escapeXml, xmlDocument } from "../../cloud/xml";
import type { Bucket, ObjectHead } from "./buckets";

const MAX_KEYS = 1000;

/** The parameters of ListObjectsV2. */
export const LIST_PARAMETERS = [
  "list-type",
  "prefix",
  "delimiter",
  "continuation-token",
  "start-after",
  "max-keys",
  "encoding-type",
];

/** A page of ListObjectsV2. @throws AwsError InvalidArgument for parameters that S3 rejects */
export function listObjects(bucket: Bucket, query: URLSearchParams): AwsResponse {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const encoding = query.get("encoding-type");
  if (encoding !== null && encoding !== "url") throw invalid(`Expected encoding-type to be url, got ${encoding}.`);
  const written = encoding === "url" ? urlEncode : escapeXml;
  const limit = limitOf(query.get("max-keys"));
  const all = entriesOf(bucket.list(prefix), prefix, delimiter).filter(({ name }) =>
    isAfter(name, token ?? startAfter ?? ""),
  );
  const page = all.slice(0, limit);
  const last = page[page.length - 1];
  const more = last !== undefined && page.length < all.length;
  const optional = (name: string, value: string | null | false) => (value ? `<${name}>${value}</${name}>` : "");
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: xmlDocument(
      `<ListBucketResult><Name>${bucket.name}</Name><Prefix>${written(prefix)}</Prefix>` +
        optional("Delimiter", written(delimiter)) +
        optional("StartAfter", written(startAfter ?? "")) +
        optional("ContinuationToken", escapeXml(token ?? "")) +
        optional("EncodingType", encoding) +
        `<KeyCount>${page.length}</KeyCount><MaxKeys>${limit}</MaxKeys><IsTruncated>${more}</IsTruncated>` +
        optional("NextContinuationToken", more && escapeXml(last.name)) +
        `${page.map((entry) => listed(entry, written)).join("")}</ListBucketResult>`,
    ),
  };
}

function limitOf(requested: string | null): number {
  if (requested === null) return MAX_KEYS;
  if (!/^\d{1,10}$/.test(requested))
    throw invalid(`Expected max-keys to be an integer between 0 and 2147483647, got ${requested}.`);
  return Math.min(MAX_KEYS, Number(requested));
}

/** As S3 encodes keys: `/` and `*` stay, a space is `+`. */
const urlEncode = (text: string) => new URLSearchParams([["", text]]).toString().slice(1).replaceAll("%2F", "/");

const invalid = (message: string) => new AwsError("InvalidArgument", 400, message);

/** One result of a list: an object, or the common prefix of all objects whose keys go on after the delimiter. */
interface ListEntry {
  readonly name: string;
  /** Absent: a common prefix. */
  readonly object?: ObjectHead;
}

/** Objects with a common prefix are one entry, which counts as one key. Entries are in the order of keys. */
function entriesOf(objects: readonly ObjectHead[], prefix: string, delimiter: string): ListEntry[] {
  const entries = new Map<string, ListEntry>();
  for (const object of objects) {
    const at = delimiter === "" ? -1 : object.key.indexOf(delimiter, prefix.length);
    const entry = at === -1 ? { name: object.key, object } : { name: object.key.slice(0, at + delimiter.length) };
    entries.set(entry.name, entries.get(entry.name) ?? entry);
  }
  return [...entries.values()];
}

const isAfter = (name: string, other: string) => Buffer.compare(Buffer.from(name), Buffer.from(other)) > 0;

function listed({ name, object }: ListEntry, written: (text: string) => string): string {
  if (object === undefined) return `<CommonPrefixes><Prefix>${written(name)}</Prefix></CommonPrefixes>`;
  const { size, etag, lastModified } = object;
  return (
    `<Contents><Key>${written(name)}</Key><LastModified>${new Date(lastModified).toISOString()}</LastModified>` +
    `<ETag>${escapeXml(etag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
}
