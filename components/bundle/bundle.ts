import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** What a function runs. */
export interface Code {
  readonly archive: pulumi.Input<pulumi.asset.Archive>;
  /** `file.function`, as Lambda reads it. */
  readonly handler: string;
}

/** Code made of files in memory. `hash` is over their names and bytes. */
export interface Bundle extends Code {
  readonly archive: pulumi.asset.AssetArchive;
  readonly hash: string;
  /** Size of the code file. */
  readonly bytes: number;
}

/** Names in the archive, and contents. */
export type CodeFiles = ReadonlyMap<string, Buffer>;

/** Folders and files that are in the archive as they are on disk: name in the archive → path here. */
export type DiskFiles = ReadonlyMap<string, string>;

export function toBundle(files: CodeFiles, handler: string, disk: Assets = {}): Bundle {
  const hash = createHash("sha256");
  const assets: Assets = { ...disk };
  for (const [name, bytes] of files) {
    hash.update(name).update("\0").update(bytes).update("\0");
    assets[name] = new pulumi.asset.StringAsset(bytes.toString());
  }
  const [code = Buffer.alloc(0)] = files.values();
  return {
    archive: new pulumi.asset.AssetArchive(assets),
    handler,
    hash: hash.digest("hex").slice(0, 16),
    bytes: code.length,
  };
}

/** What an archive holds besides text: files and folders of this machine. */
export type Assets = Record<string, pulumi.asset.Asset | pulumi.asset.Archive>;
