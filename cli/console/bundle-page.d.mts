import type { PageAssets } from "./page-html";

export function bundlePage(): Promise<PageAssets>;
