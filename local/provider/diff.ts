import { changedInputs, digestInputs } from "../evaluate/stack-state";
import { type AssetReader, fromWire, type Properties } from "../evaluate/wire";
import type { Archive } from "../resources/archive";
import type { ResourceSchema } from "../resources/resource-handler";

export interface Difference {
  /** Names of the inputs that differ, including removed ones. */
  readonly changed: readonly string[];
  /** Those that require a replacement. */
  readonly replaces: readonly string[];
}

/**
 * Compares the old and the new inputs that a handler knows. The protocol's `olds` are the old outputs, which do not show
 * removed inputs, so they are not used. An unknown input counts as changed.
 */
export function diffInputs(handler: ResourceSchema, before: Properties, after: Properties): Difference {
  const old = fromWire(before, byHash);
  const next = fromWire(after, byHash);
  const unknown = next.unknowns.filter((name) => handler.inputs.includes(name));
  const known = (values: Properties) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !unknown.includes(name)));
  const changed = [
    ...changedInputs(digestInputs(handler, known(old.values)), digestInputs(handler, known(next.values))),
    ...unknown,
  ];
  return { changed, replaces: changed.filter((name) => handler.replaceOn.includes(name)) };
}

/** The engine sends every asset with its hash, so the files of old assets do not have to exist. */
const byHash: AssetReader = { asset: hashOf, archive: hashOf };

function hashOf(asset: Properties): Archive {
  return { kind: "archive", hash: String(asset.hash), files: new Map() };
}
