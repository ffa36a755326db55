import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { LocalError } from "../local-error";
import type { Archive } from "../resources/archive";
import type { AssetReader, WireAsset } from "./wire";

/** Reads assets from disk. @param directory base of relative paths: the program's working directory, as in Pulumi */
export function assetReader(directory: string): AssetReader {
  return {
    asset: (asset) => archiveOf(new Map([["", readAsset(asset, directory)]])),
    archive: (archive) => archiveOf(new Map(readArchive(archive, directory))),
  };
}

/** Hashes names and bytes only, not paths on this machine, times or modes. */
export function archiveOf(files: ReadonlyMap<string, Buffer>): Archive {
  const hash = createHash("sha256");
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(name)}:${name}${bytes.length}:`).update(bytes);
  }
  return { kind: "archive", hash: hash.digest("hex"), files };
}

function readAsset(asset: WireAsset, directory: string): Buffer {
  if (typeof asset.text === "string") return Buffer.from(asset.text);
  if (typeof asset.path === "string") return readFileSync(resolve(directory, asset.path));
  throw new LocalError(
    `Expected an asset to be a file or a text, got ${kindOf(asset)}, which the local stack does not fetch.`,
  );
}

function readArchive(archive: WireAsset, directory: string): [string, Buffer][] {
  if (archive.assets !== undefined) {
    return Object.entries(archive.assets as Record<string, WireAsset>).flatMap(([name, part]) =>
      part.assets === undefined && !isFolder(part, directory)
        ? ([[name, readAsset(part, directory)]] as [string, Buffer][])
        : readArchive(part, directory).map(([inner, bytes]): [string, Buffer] => [`${name}/${inner}`, bytes]),
    );
  }
  if (isFolder(archive, directory)) return readFolder(resolve(directory, archive.path as string), "");
  throw new LocalError(
    `Expected an archive to be a folder or an AssetArchive, got ${kindOf(archive)}: ` +
      "the local stack reads neither zip files nor addresses. Use pulumi.asset.FileArchive with the unpacked folder.",
  );
}

function isFolder(asset: WireAsset, directory: string): boolean {
  return (
    typeof asset.path === "string" &&
    statSync(resolve(directory, asset.path), { throwIfNoEntry: false })?.isDirectory() === true
  );
}

function readFolder(folder: string, prefix: string): [string, Buffer][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? readFolder(join(folder, entry.name), `${prefix}${entry.name}/`)
      : ([[`${prefix}${entry.name}`, readFileSync(join(folder, entry.name))]] as [string, Buffer][]),
  );
}

function kindOf(asset: WireAsset): string {
  return typeof asset.path === "string" ? `the file ${asset.path}` : `the address ${String(asset.uri)}`;
}
