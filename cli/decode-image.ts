import type { AttributeValue } from "@aws-sdk/client-dynamodb-streams";
import { decodeItem, type StoredEvent } from "../runtime/data/item";

/** An item as the SDK hands it over, read by the one codec there is (it knows bytes as base64, the way Lambda has them). */
export function decodeImage(image: Readonly<Record<string, AttributeValue>>): StoredEvent {
  return decodeItem(
    Object.fromEntries(
      Object.entries(image).map(([name, { S, N, B }]) => [name, { S, N, B: B && Buffer.from(B).toString("base64") }]),
    ),
  );
}
