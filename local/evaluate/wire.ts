import { type Archive, isArchive } from "../resources/archive";
import { UNKNOWN } from "../resources/resource-handler";

/**
 * Property values as Pulumi sends them between program, engine and providers: special values are objects with a
 * signature (github.com/pulumi/pulumi, sdk/nodejs/runtime/rpc.ts). The signatures are part of Pulumi's protocol.
 */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Properties = Readonly<Record<string, unknown>>;
/** An asset or archive on the wire: one of `path`, `text`, `uri`, `assets`. */
export type WireAsset = Properties;

/** Reads the content of an asset or archive on the wire. */
export interface AssetReader {
  asset(asset: WireAsset): Archive;
  archive(archive: WireAsset): Archive;
}

export interface Plain {
  readonly values: Properties;
  /** Names of the top-level properties that contain a secret. */
  readonly secrets: readonly string[];
}

export interface FromWire extends Plain {
  /** Names of the top-level properties that contain an {@link UNKNOWN}. */
  readonly unknowns: readonly string[];
}

/** Wire properties → plain values: secrets unwrapped and named, assets read, unknowns as {@link UNKNOWN}. */
export function fromWire(properties: Properties, assets: AssetReader): FromWire {
  const secrets = new Set<string>();
  const unknowns = new Set<string>();
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) {
    values[name] = plain(value, { assets, secret: () => secrets.add(name), unknown: () => unknowns.add(name) });
  }
  return { values, secrets: [...secrets], unknowns: [...unknowns] };
}

/** Plain values → wire properties, with those in `secrets` marked secret. Undefined properties are omitted. */
export function toWire({ values, secrets }: Plain): Record<string, unknown> {
  const marked = new Set(secrets);
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const wire = strip(value);
      return [name, marked.has(name) ? { [SIGNATURE]: SECRET, value: wire } : wire];
    }),
  );
}

interface Seen {
  readonly assets: AssetReader;
  secret(): void;
  unknown(): void;
}

function plain(value: unknown, seen: Seen): unknown {
  const inside = (part: unknown) => plain(part, seen);
  if (value === UNKNOWN_VALUE) {
    seen.unknown();
    return UNKNOWN;
  }
  if (Array.isArray(value)) return value.map(inside);
  if (value === null || typeof value !== "object") return value;
  const map = value as Record<string, unknown>;
  switch (map[SIGNATURE]) {
    case undefined:
      return Object.fromEntries(Object.entries(map).map(([name, part]) => [name, inside(part)]));
    case SECRET:
      seen.secret();
      return inside(map.value);
    case OUTPUT:
      if (map.secret === true) seen.secret();
      return inside(map.value ?? UNKNOWN_VALUE);
    case ASSET:
      return seen.assets.asset(map);
    case ARCHIVE:
      return seen.assets.archive(map);
    case RESOURCE:
      return map.id === undefined ? map.urn : inside(map.id === "" ? UNKNOWN_VALUE : map.id);
    default:
      throw new Error(`Unknown signature ${String(map[SIGNATURE])} in a property value from Pulumi.`);
  }
}

/** Archives are sent back to the program as their hash. */
function strip(value: unknown): unknown {
  if (value === UNKNOWN) return UNKNOWN_VALUE;
  if (Array.isArray(value)) return value.map(strip);
  if (value === null || typeof value !== "object") return value;
  if (isArchive(value)) return value.hash;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([name, part]) => [name, strip(part)]));
}
