/** The files of an AssetArchive. `hash` covers names and bytes only. */
export interface Archive {
  readonly kind: "archive";
  readonly hash: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

export function isArchive(value: unknown): value is Archive {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "archive";
}
