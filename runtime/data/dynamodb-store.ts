import { type AwsTarget, endpointOf } from "../aws/endpoint";
import { responseError } from "../aws/json-client";
import { signer } from "../aws/sigv4";
import { StreamError } from "../support/errors";
import type { EventStore } from "./event-store";
import { Pool, request } from "./http-client";
import type { EncodedItem } from "./item";

/** A client that holds sockets. Close it before the handler returns. */
export interface Closable {
  close(): Promise<void>;
}

const CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 5_000;
/** DynamoDB's errors for an invalid request. A retry fails in the same way. */
const INVALID = /ValidationException|SerializationException|ItemCollectionSizeLimitExceeded/;

/**
 * Sends one BatchWriteItem as text, signed, over a small connection pool. A relay spends most of its CPU time here, and the
 * SDK's client needs three times as much for the same request (docs/decisions/0011).
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
 */
export function dynamodbStore(tableName: string, target: AwsTarget, now = Date.now): EventStore & Closable {
  const url = endpointOf(target);
  const path = url.pathname;
  const pool = new Pool(url.origin, {
    connections: CONNECTIONS,
    allowH2: false,
    connect: { timeout: REQUEST_TIMEOUT_MS },
  });
  const sign = signer(target.service, target.region);
  const fixed = {
    "content-type": "application/x-amz-json-1.0",
    host: url.host,
    "x-amz-target": "DynamoDB_20120810.BatchWriteItem",
  };
  const head = `{"RequestItems":{${JSON.stringify(tableName)}:[`;

  return {
    async write(items, signal) {
      let body = head;
      for (let i = 0; i < items.length; i++) body += `${i === 0 ? "" : ","}{"PutRequest":{"Item":${items[i]!.json}}}`;
      body += "]}}";
      const { status, text } = await send(Buffer.from(body), signal);
      if (status === 200) return unprocessed(text, tableName, items);
      const { name: awsError, message: reason } = responseError(status, undefined, text);
      const message = `DynamoDB answered ${awsError} (status ${status}) to BatchWriteItem on table ${tableName} (${items.length} items): ${reason.slice(0, 300)}`;
      if (status === 413 || (status === 400 && INVALID.test(text)))
        throw new StreamError("VALIDATION_FAILED", message, { awsError });
      throw new StreamError("STORE_UNAVAILABLE", message, { retryable: true, awsError });
    },
    close: () => pool.destroy(),
  };

  async function send(body: Buffer, signal: AbortSignal | undefined) {
    try {
      const headers = sign({ method: "POST", path, headers: fixed, body }, await target.credentials(), now());
      const response = await request(pool, {
        method: "POST",
        path,
        headers,
        body,
        signal,
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: REQUEST_TIMEOUT_MS,
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (cause) {
      throw new StreamError("STORE_UNAVAILABLE", `DynamoDB did not answer: ${(cause as Error).message}`, {
        retryable: true,
        cause,
      });
    }
  }
}

interface Answer {
  readonly UnprocessedItems?: Readonly<
    Record<string, readonly { readonly PutRequest: { readonly Item: { readonly key: { readonly S: string } } } }[]>
  >;
}

function unprocessed(text: string, tableName: string, items: readonly EncodedItem[]): readonly EncodedItem[] {
  // Most responses are one of these: skip the parse.
  if (text === '{"UnprocessedItems":{}}' || text === "{}") return [];
  const left = (JSON.parse(text) as Answer).UnprocessedItems?.[tableName] ?? [];
  const keys = new Set(left.map((request) => request.PutRequest.Item.key.S));
  return items.filter((item) => keys.has(item.key));
}
