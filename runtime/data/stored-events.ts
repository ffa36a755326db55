import { EVENT_KEY, ITEM, STREAM_ID_KEY } from "../contract";
import { type AttributeJson, decodeItem, type StoredEvent } from "./item";
import { decodePack, isPack } from "./pack";

type Attributes = Readonly<Record<string, AttributeJson>>;

/** An item of the event table that cannot be decoded. */
export interface CorruptItem {
  readonly streamId: string;
  readonly key: string;
  /** When its first event was received, in epoch ms. NaN: the item does not say. */
  readonly receivedAt: number;
  readonly error: unknown;
}

/** The events of an item of the event table: one, or those of a pack in order. Throws when the item is corrupt. */
export function storedEvents(attributes: Attributes): readonly StoredEvent[] {
  return isPack(attributes) ? decodePack(attributes) : [decodeItem(attributes)];
}

/** The events of an item, or none when it is corrupt: then it is reported, so that one item does not stop a read of many. */
export function readableEvents(attributes: Attributes, onCorrupt: (item: CorruptItem) => void): readonly StoredEvent[] {
  try {
    return storedEvents(attributes);
  } catch (error) {
    const streamId = (attributes[STREAM_ID_KEY]?.S ?? "").split("#", 1)[0]!;
    const receivedAt = Number(attributes[ITEM.receivedAt]?.N);
    onCorrupt({ streamId, key: attributes[EVENT_KEY]?.S ?? "", receivedAt, error });
    return [];
  }
}
