import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { type LocalProcess, startLocal } from "../integration/local-process";
import { programFolder } from "../local/evaluate/program-folder";
import { startBrowser } from "./browser";

const ROOT = resolve(__dirname, "../..");
const HOP_SECONDS = "15";
const WORKS = `import { eachEvent } from "${ROOT}/runtime/processor/index";
export const handler = eachEvent(() => {});
`;
const BROKEN = `import { eachEvent } from "${ROOT}/runtime/processor/index";
class PriceError extends Error {}
export const handler = eachEvent(() => {
  throw new PriceError("the price is not a number");
}, { retries: 0 });
`;

describe("the console of a local stack", function () {
  this.timeout(600_000);
  let upstream: SampleUpstream;
  let folder: ReturnType<typeof programFolder>;
  let local: LocalProcess;
  let browser: Browser;
  let page: Page;

  before(async () => {
    upstream = await startSampleUpstream();
    folder = programFolder({
      "index.ts": `import { StreamIngestion } from "${ROOT}/components/index";
new StreamIngestion("prices", {
  source: { url: "${upstream.url}", path: "${upstream.path}", key: "${upstream.key}" },
  processor: { entry: "./processor.ts" },
  streams: ["EUR_USD"],
});
`,
      "processor.ts": WORKS,
    });
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    await local?.stop();
    await upstream.close();
    folder.remove();
  });

  it("shows events, a broken processor with its stack, alarms, the repair, a redrive, a handover and a restart", async () => {
    const start = () => startLocal(["--program", folder.path, "--hop-seconds", HOP_SECONDS]);
    local = start();
    const ready = await local.line(({ kind }) => kind === "ready");
    page = await browser.newPage({ viewport: { width: 1440, height: 860 } });
    // The language of Chromium in the C locale, with which the plot cannot format numbers.
    await page.addInitScript(() =>
      Object.defineProperty(navigator, "language", { value: "en-US@posix", configurable: true }),
    );
    page.setDefaultTimeout(120_000);
    await page.goto(String(ready.console));
    const row = (grid: string, text: string | RegExp) =>
      page.getByRole("grid", { name: grid }).getByRole("row").filter({ hasText: text }).first();

    await row("Streams", "EUR_USD").getByText("open").waitFor();
    await page.keyboard.press("3");
    await row("Events", "processed").waitFor();

    writeFileSync(join(folder.path, "processor.ts"), BROKEN);
    await page.keyboard.press("4");
    await row("Failures", "the price is not a number").click();
    const stack = page.getByRole("region", { name: "Stack" });
    await stack.getByText(/processor\.ts:4/).waitFor();
    await page.keyboard.press("6");
    await row("Alarms", "prices-processor-failures").getByText("ALARM").waitFor();
    await row("Alarms", "prices-streams-failed").getByText("OK").waitFor();

    writeFileSync(join(folder.path, "processor.ts"), WORKS);
    await local.line(({ kind }) => kind === "updated");
    await page.keyboard.press("2");
    await row("Changes of the hop", /handover, (?:overlap|break)/).waitFor();

    await page.keyboard.press("4");
    const failure = page.getByRole("grid", { name: "Failures" }).getByRole("row").nth(1);
    await failure.click();
    const id = await failure.getAttribute("id");
    await page.keyboard.press("r");
    await page.locator(`[id=${JSON.stringify(id)}]`).waitFor({ state: "detached" });
    assert.deepEqual(await page.locator(".state.wrong").count(), 0);

    await local.stop();
    await page.getByText(/Connection lost/).waitFor();
    local = start();
    await page.getByText("Connected again.").waitFor();
    await page.keyboard.press("1");
    await row("Streams", "EUR_USD").getByText("open").waitFor();
  });
});
