import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** The code of a function. */
export interface Code {
  readonly archive: pulumi.Input<pulumi.asset.Archive>;
  /** Lambda's handler, `file.function`. */
  readonly handler: string;
}

/** Code from files in memory. `hash` covers their names and bytes. */
export interface Bundle extends Code {
  readonly archive: pulumi.asset.AssetArchive;
  readonly hash: string;
  /** Hash of the code file alone, which the function computes of the file that it runs. */
  readonly codeHash: string;
  /** Size of the code file. */
  readonly bytes: number;
}

/** Contents by name in the archive. */
export type CodeFiles = ReadonlyMap<string, Buffer>;

/** Files and folders on disk that the archive contains in addition to text. */
export type Assets = Record<string, pulumi.asset.Asset | pulumi.asset.Archive>;

export function toBundle(files: CodeFiles, handler: string, others: Assets = {}): Bundle {
  const hash = createHash("sha256");
  const assets: Assets = { ...others };
  for (const [name, bytes] of files) {
    if (name in others)
      throw new Error(
        `Expected \`processor.copy\` and \`processor.install\` to leave the file ${name} to the bundle. Copy to another path, in \`to\`.`,
      );
    hash.update(name).update("\0").update(bytes).update("\0");
    assets[name] = new pulumi.asset.StringAsset(bytes.toString());
  }
  const [code = Buffer.alloc(0)] = files.values();
  return {
    archive: new pulumi.asset.AssetArchive(assets),
    handler,
    hash: hash.digest("hex").slice(0, 16),
    codeHash: createHash("sha256").update(code.toString()).digest("hex").slice(0, 16),
    bytes: code.length,
  };
}
