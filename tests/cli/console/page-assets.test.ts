import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { pageAssets } from "../../../cli/console/page-assets";
import { pageHtml } from "../../../cli/console/page-html";

/** The page works over a slow connection to a remote machine, too. */
const MAX_BYTES = 150_000;

describe("the console's bundled page", () => {
  it(`has at most ${MAX_BYTES / 1_000} KB compressed, and loads nothing`, async () => {
    const { script, style } = await pageAssets();
    const { html } = pageHtml({ script, style });
    const { length } = gzipSync(html);
    assert.ok(length > 10_000 && length <= MAX_BYTES, `${length} bytes`);
    assert.doesNotMatch(style, /@import|url\((?!["']?data:)/);
    assert.doesNotMatch(html, /<(?:script|img|link)[^>]+(?:src|href)="(?!data:)/);
  });
});
