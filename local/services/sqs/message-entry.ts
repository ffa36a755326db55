import { AwsError } from "../../cloud/aws-error";
import { checkAttributes, FORBIDDEN, invalidValue, type MessageAttributes } from "./message-attributes";

/** A message as SendMessage and SendMessageBatch receive it. */
export interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: MessageAttributes;
  readonly DelaySeconds?: number;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

/** Of a message, and of all messages of a batch. */
export const MAX_BYTES = 1024 * 1024;
/** Of an entry in a batch. */
const ID = /^[\w-]{1,80}$/;
/** Of a group or for the deduplication: letters, digits and punctuation. */
const FIFO_ID = /^[!-~]{1,128}$/;

/** The bytes that count for the limit: the body, and name, type and value of each attribute. */
export function sizeOf({ MessageBody = "", MessageAttributes = {} }: Entry): number {
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType = "", StringValue = "", BinaryValue = "" }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, "base64"),
    Buffer.byteLength(MessageBody),
  );
}

/** @throws AwsError InvalidBatchEntryId */
export function checkEntryId({ Id = "" }: Entry): void {
  if (!ID.test(Id))
    throw new AwsError(
      "InvalidBatchEntryId",
      400,
      `Expected the Id of an entry to be 1 to 80 letters, digits, "_" and "-", got "${Id}".`,
    );
}

/** @throws AwsError for a message that SQS rejects */
export function checkEntry(entry: Entry, fifo: boolean): void {
  const { MessageBody, MessageAttributes = {}, MessageGroupId, MessageDeduplicationId } = entry;
  if (!MessageBody) throw new AwsError("MissingParameter", 400, "A message needs a MessageBody that is not empty.");
  if (FORBIDDEN.test(MessageBody))
    throw new AwsError("InvalidMessageContents", 400, "The message contains characters outside the allowed set.");
  const bytes = sizeOf(entry);
  if (bytes > MAX_BYTES)
    throw invalidValue(`Expected at most ${MAX_BYTES} bytes of body and attributes, got ${bytes}.`);
  if (fifo && (MessageGroupId === undefined || MessageDeduplicationId === undefined))
    throw new AwsError("MissingParameter", 400, "A FIFO queue needs MessageGroupId and MessageDeduplicationId.");
  if (!fifo && MessageDeduplicationId !== undefined)
    throw invalidValue("Only a FIFO queue accepts MessageDeduplicationId.");
  for (const [name, id] of Object.entries({ MessageGroupId, MessageDeduplicationId }))
    if (id !== undefined && !FIFO_ID.test(id))
      throw invalidValue(`Expected ${name} to be 1 to 128 letters, digits and punctuation, got "${id}".`);
  checkAttributes(MessageAttributes);
}
