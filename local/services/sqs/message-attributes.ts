import { createHash } from "node:crypto";
import { AwsError } from "../../cloud/aws-error";
import { refuseOthers } from "../../cloud/unsupported";

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** In base64. */
  readonly BinaryValue?: string;
}

/** By name. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const MAX_ATTRIBUTES = 10;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const NAME = /^(?!(?:aws|amazon)\.)(?=.{1,256}$)[\w-]+(?:\.[\w-]+)*$/i;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/**
 * Characters that neither a body nor an attribute can contain.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: SQS rejects them
export const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** @throws AwsError InvalidParameterValue for attributes that SQS rejects */
export function checkAttributes(attributes: MessageAttributes): void {
  const entries = Object.entries(attributes);
  if (entries.length > MAX_ATTRIBUTES)
    throw invalidValue(`Expected at most ${MAX_ATTRIBUTES} message attributes, got ${entries.length}.`);
  for (const [name, attribute] of entries) {
    const { DataType = "", StringValue, BinaryValue } = attribute;
    refuseOthers("SQS", `the message attribute ${name}`, { ...attribute }, ["DataType", "StringValue", "BinaryValue"]);
    if (!NAME.test(name))
      throw invalidValue(
        `Expected the name of a message attribute to be 1 to 256 letters, digits, "_", "-" and single "." and not to start ` +
          `with "AWS." or "Amazon.", got ${name}.`,
      );
    const [, type] = /^(String|Number|Binary)(?:\.|$)/.exec(DataType) ?? [];
    if (type === undefined)
      throw invalidValue(
        `Expected the DataType of the message attribute ${name} to be String, Number or Binary, got "${DataType}".`,
      );
    const [value, other] = type === "Binary" ? [BinaryValue, StringValue] : [StringValue, BinaryValue];
    if (!value || other)
      throw invalidValue(
        `The message attribute ${name} needs a ${type === "Binary" ? "BinaryValue" : "StringValue"} and no other value.`,
      );
    if (type === "String" && FORBIDDEN.test(value))
      throw invalidValue(`The message attribute ${name} contains characters outside the allowed set.`);
    if (type === "Number" && !NUMBER.test(value))
      throw invalidValue(`Expected the value of the message attribute ${name} to be a number, got "${StringValue}".`);
  }
}

/** The attributes that ReceiveMessage requests: names, prefixes with `.*`, or `All`. */
export function requestedAttributes(attributes: MessageAttributes, names: readonly string[]): MessageAttributes {
  const isRequested = (name: string) =>
    names.some(
      (one) =>
        one === "All" || one === ".*" || one === name || (one.endsWith(".*") && name.startsWith(one.slice(0, -1))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isRequested(name)));
}

/**
 * The MD5 that clients compare: for each attribute in the order of names, the name, the type, 1 (string) or 2 (binary), and the value.
 * Name, type and value follow their length in four bytes.
 */
export function attributesMd5(attributes: MessageAttributes): string {
  const hash = createHash("md5");
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType, StringValue, BinaryValue = "" } = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    const isBinary = DataType.startsWith("Binary");
    hash.update(Buffer.of(isBinary ? 2 : 1));
    add(isBinary ? Buffer.from(BinaryValue, "base64") : Buffer.from(StringValue ?? ""));
  }
  return hash.digest("hex");
}

export const invalidValue = (message: string) => new AwsError("InvalidParameterValue", 400, message);
