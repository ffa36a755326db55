import { type AttributeJson, decodeItem, type StoredEvent } from "./item";
import { decodePack, isPack } from "./pack";

/** The events of an item of the event table: one, or those of a pack in order. Throws when the item is corrupt. */
export function storedEvents(attributes: Readonly<Record<string, AttributeJson>>): readonly StoredEvent[] {
  return isPack(attributes) ? decodePack(attributes) : [decodeItem(attributes)];
}
