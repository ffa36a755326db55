import type * as pulumi from "@pulumi/pulumi";
import { asset } from "@pulumi/pulumi";
import { assetReader } from "../../local/evaluate/read-assets";
import type { WireAsset } from "../../local/evaluate/wire";
import type { Archive } from "../../local/resources/archive";

/** The files of an archive, as the local Lambda gets them from the engine. */
export async function filesOf(archive: pulumi.Input<pulumi.asset.Archive>): Promise<Archive> {
  return assetReader(__dirname).archive(await wireOf(archive as pulumi.asset.Archive));
}

async function wireOf(one: pulumi.asset.Asset | pulumi.asset.Archive): Promise<WireAsset> {
  if (one instanceof asset.AssetArchive) {
    const parts = Object.entries((await one.assets) as Record<string, pulumi.asset.Asset>);
    const wire = await Promise.all(parts.map(async ([name, part]) => [name, await wireOf(part)]));
    return { assets: Object.fromEntries(wire) };
  }
  if (one instanceof asset.StringAsset) return { text: await one.text };
  return { path: await (one as pulumi.asset.FileAsset).path };
}
