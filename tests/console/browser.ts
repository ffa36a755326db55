import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

interface Chromium {
  readonly args: string[];
  executablePath(): Promise<string>;
}

/** These let a page of any address read every other, and a failure of one part end the browser. */
const UNWANTED =
  /^--(?:disable-web-security|allow-running-insecure-content|disable-site-isolation-trials|single-process)/;

/** A busy machine unpacks the browser for longer than the default of 30 s. */
const LAUNCH_MS = 120_000;

/** The browser that an npm package contains: it needs no download and no package of the system. */
export async function startBrowser(): Promise<Browser> {
  const { default: browser } = createRequire(join(__dirname, "package.json"))("@sparticuz/chromium") as {
    readonly default: Chromium;
  };
  const args = browser.args.filter((arg) => !UNWANTED.test(arg));
  return chromium.launch({ executablePath: await browser.executablePath(), args, headless: true, timeout: LAUNCH_MS });
}
