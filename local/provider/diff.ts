import { changedInputs, digestInputs } from "../evaluate/stack-state";
import { type AssetReader, fromWire, type Properties } from "../evaluate/wire";
import type { Archive } from "../resources/archive";
import type { ResourceSchema } from "../resources/resource-handler";

export interface Difference {
  /** Names of the inputs that differ, removals included. */
  readonly changed: readonly string[];
  /** Those of them whose change needs a new resource. */
  readonly replaces: readonly string[];
}

/**
 * Compares the inputs that a handler knows. Inputs with inputs: what the protocol calls `olds` are the old
 * outputs, in which an input that was removed cannot be seen. What is not known yet counts as changed.
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

/** The engine sends every asset with the hash of its content: old files are gone, and need not be read. */
const byHash: AssetReader = { asset: hashOf, archive: hashOf };

function hashOf(asset: Properties): Archive {
  return { kind: "archive", hash: String(asset.hash), files: new Map() };
}
