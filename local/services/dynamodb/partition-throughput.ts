import { createHash } from "node:crypto";
import { AwsError } from "../../cloud/aws-error";
import type { Attribute, Item, Parameters } from "./engine";

/** The write capacity of a table: partition keys are hashed to its partitions, and each partition has its own limit. */
export interface PartitionThroughput {
  readonly partitions: number;
  /** Write units of a partition in a second, and at most saved by it. */
  readonly writeUnits: number;
}

interface WriteRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

/** Takes the units of a BatchWriteItem's requests to one table. Returns those that a partition accepts, and the others. */
export type TakeUnits = (requests: readonly WriteRequest[]) => {
  readonly accepted: readonly WriteRequest[];
  readonly refused: readonly WriteRequest[];
};

const UNIT_BYTES = 1_024;

/** A token bucket for each partition. A write is accepted while its bucket is not empty, so an item may exceed a second's units. */
export function partitionThroughput(
  { partitions, writeUnits }: PartitionThroughput,
  hashKey: string,
  now: () => number,
): TakeUnits {
  const buckets = Array.from({ length: partitions }, () => ({ units: writeUnits, at: now() }));
  const isAccepted = ({ PutRequest, DeleteRequest }: WriteRequest): boolean => {
    const item = PutRequest?.Item ?? DeleteRequest?.Key ?? {};
    const hash = createHash("md5").update(JSON.stringify(item[hashKey])).digest();
    const bucket = buckets[hash.readUInt32BE() % partitions]!;
    const at = now();
    bucket.units = Math.min(writeUnits, bucket.units + ((at - bucket.at) * writeUnits) / 1_000);
    bucket.at = at;
    if (bucket.units <= 0) return false;
    bucket.units -= Math.max(1, Math.ceil(itemBytes(item) / UNIT_BYTES));
    return true;
  };
  return (requests) => {
    const accepted: WriteRequest[] = [];
    const refused: WriteRequest[] = [];
    for (const request of requests) (isAccepted(request) ? accepted : refused).push(request);
    return { accepted, refused };
  };
}

/**
 * Runs a BatchWriteItem with the requests that the partitions accept, and answers with the others as unprocessed.
 * @throws AwsError ProvisionedThroughputExceededException when none is accepted
 */
export async function writeAccepted(
  input: Parameters,
  limitOf: (table: string) => TakeUnits | undefined,
  call: (input: Parameters) => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const RequestItems: Record<string, readonly WriteRequest[]> = {};
  const UnprocessedItems: Record<string, readonly WriteRequest[]> = {};
  for (const [table, requests] of Object.entries((input.RequestItems ?? {}) as Record<string, WriteRequest[]>)) {
    const { accepted, refused } = limitOf(table)?.(requests) ?? { accepted: requests, refused: [] };
    if (accepted.length > 0) RequestItems[table] = accepted;
    if (refused.length > 0) UnprocessedItems[table] = refused;
  }
  if (Object.keys(UnprocessedItems).length === 0) return call(input);
  if (Object.keys(RequestItems).length === 0)
    throw new AwsError(
      "ProvisionedThroughputExceededException",
      400,
      "The partitions of the table accept no more writes.",
    );
  return { ...(await call({ ...input, RequestItems })), UnprocessedItems };
}

/** About the size that DynamoDB computes: names and values. */
function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(attribute: Attribute): number {
  const [[type, value] = ["", ""]] = Object.entries(attribute);
  if (type === "B") return Math.floor((String(value).length * 3) / 4);
  if (type === "N") return Math.ceil(String(value).length / 2) + 1;
  return Buffer.byteLength(type === "S" ? String(value) : JSON.stringify(value));
}
