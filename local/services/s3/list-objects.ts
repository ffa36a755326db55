import type { AwsResponse } from "../../cloud/protocol";
import { escapeXml, xmlDocument } from "../../cloud/xml";
import type { Bucket, ObjectHead } from "./buckets";

const MAX_KEYS = 1000;

/** The parameters of ListObjectsV2. The order and encoding of keys are the same with and without `encoding-type`. */
export const LIST_PARAMETERS = [
  "list-type",
  "prefix",
  "delimiter",
  "continuation-token",
  "start-after",
  "max-keys",
  "encoding-type",
];

/** A page of ListObjectsV2. */
export function listObjects(bucket: Bucket, query: URLSearchParams): AwsResponse {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const limit = Math.min(MAX_KEYS, Number(query.get("max-keys") ?? MAX_KEYS));
  const all = entriesOf(bucket.list(prefix), prefix, delimiter).filter(({ name }) =>
    isAfter(name, token ?? query.get("start-after") ?? ""),
  );
  const page = all.slice(0, limit);
  const last = page[page.length - 1];
  const more = last !== undefined && page.length < all.length;
  const next = more ? `<NextContinuationToken>${escapeXml(last.name)}</NextContinuationToken>` : "";
  const separator = delimiter && `<Delimiter>${escapeXml(delimiter)}</Delimiter>`;
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: xmlDocument(
      `<ListBucketResult><Name>${bucket.name}</Name><Prefix>${escapeXml(prefix)}</Prefix>${separator}<KeyCount>${page.length}</KeyCount>` +
        `<MaxKeys>${limit}</MaxKeys><IsTruncated>${more}</IsTruncated>${next}${page.map(listed).join("")}</ListBucketResult>`,
    ),
  };
}

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

function listed({ name, object }: ListEntry): string {
  if (object === undefined) return `<CommonPrefixes><Prefix>${escapeXml(name)}</Prefix></CommonPrefixes>`;
  const { size, etag, lastModified } = object;
  return (
    `<Contents><Key>${escapeXml(name)}</Key><LastModified>${new Date(lastModified).toISOString()}</LastModified>` +
    `<ETag>${escapeXml(etag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
}
