import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { VIEWS, type View } from "../../cli/console/page/shortcuts";
import type { Snapshot } from "../../cli/console/protocol";
import { type SampleFeed, sampleFeed } from "../cli/console/sample-feed";
import { startBrowser } from "./browser";
import { type FeedServer, startFeedServer } from "./feed-server";

/** Writes docs/console.png anew: `SCREENSHOT=1 npm run test:console`. */
const SCREENSHOT = process.env.SCREENSHOT === "1" ? join(__dirname, "../../docs/console.png") : undefined;

describe("the console's page in a browser", () => {
  let browser: Browser;
  let server: FeedServer;
  let feed: SampleFeed;
  let page: Page;
  const errors: string[] = [];

  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());
  afterEach(async () => {
    await page.context().close();
    await server.close();
    assert.deepEqual(errors.splice(0), []);
  });

  async function open(
    options: Parameters<typeof sampleFeed>[0] = {},
    { colorScheme = "light", change = {} }: { colorScheme?: "light" | "dark"; change?: Partial<Snapshot> } = {},
  ) {
    feed = sampleFeed(options);
    server = await startFeedServer(() => ({ ...feed.snapshot(), ...change }));
    const context = await browser.newContext({ viewport: { width: 1440, height: 860 }, locale: "en-GB", colorScheme });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      // A refused connection is a part of some tests.
      if (message.type() === "error" && !message.text().includes("Failed to load resource"))
        errors.push(message.text());
    });
    await page.goto(server.url);
    await page.getByRole("grid").first().waitFor();
  }

  const show = async (view: View) => {
    await page.keyboard.press(`${VIEWS.indexOf(view) + 1}`);
    await page.locator(`main.${view}`).waitFor();
  };
  const run = (updates: number) => {
    for (let i = 0; i < updates; i++) server.send(feed.next(250));
  };
  const grid = (name: string) => page.getByRole("grid", { name });
  const rowOf = (name: string, text: string) => grid(name).getByRole("row").filter({ hasText: text }).first();

  it("removes the token from the address, and keeps it for a reload", async () => {
    await open();
    assert.doesNotMatch(page.url(), /token/);
    await page.reload();
    await rowOf("Streams", "stream-0000").waitFor();
  });

  it("explains that a link of an earlier run is not valid", async () => {
    await open();
    await page.goto("about:blank");
    await page.goto(server.url.replace(/#.*/, "#old"));
    await page.getByRole("heading", { name: "This link is not valid" }).waitFor();
  });

  it("lists streams by instance with state and rates, and accounts for the events of the selected one", async () => {
    await open();
    run(20);
    await rowOf("Streams", "prices").waitFor();
    await rowOf("Streams", "stream-0011").getByText("failed").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const detail = page.getByRole("complementary");
    await detail.getByText("The equation holds.").waitFor();
    await detail.locator("canvas").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("waiting");
    await page.getByText("1 of 12 streams").waitFor();
    await rowOf("Streams", "stream-0005")
      .getByText(/retry \d/)
      .waitFor();
  });

  it("starts, stops and hands over a stream by key, and asks before it stops one", async () => {
    await open();
    await rowOf("Streams", "stream-0000").click();
    await page.keyboard.press("x");
    await page.getByRole("dialog", { name: "Confirm" }).getByRole("button", { name: "No" }).click();
    await page.keyboard.press("h");
    await page.getByText("Done: handover.").waitFor();
    await page.keyboard.press("x");
    await page.getByRole("button", { name: "Yes" }).click();
    await page.getByText("Done: stop.").waitFor();
    await rowOf("Streams", "stream-0011").click();
    await page.keyboard.press("s");
    await page.getByText("Done: start.").waitFor();
    assert.deepEqual(server.commands, [
      { command: "handover", stream: "prices/stream-0000" },
      { command: "stop", stream: "prices/stream-0000" },
      { command: "start", stream: "telemetry/stream-0011" },
    ]);
  });

  it("draws a handover with its overlap, and names its cause", async () => {
    await open();
    await show("handovers");
    run(60);
    await page.locator("rect.overlap").first().waitFor({ state: "attached" });
    await rowOf("Changes of the hop", "handover, overlap").getByText("overlap 119 ms").first().waitFor();
    // With a selected stream, too, a bar ends where its hop ends.
    await page.keyboard.press("j");
    await page.getByRole("row", { name: "orders/stream-0001", selected: true }).waitFor();
    const overlaps = await page
      .locator("rect.overlap")
      .evaluateAll((all) => all.map((one) => Number(one.getAttribute("width"))));
    assert.ok(overlaps.length > 5 && Math.max(...overlaps) < 1, `${overlaps}`);
    await page.keyboard.press("+");
    await page.getByText("15 s in sight").waitFor();
  });

  it("filters events, pauses them, and copies a payload", async () => {
    await open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    run(8);
    await show("events");
    await page.getByLabel("JSON pointer").fill("/n=7");
    await page.getByText("1 shown").waitFor();
    const row = rowOf("Events", '"n":7');
    await row.getByText("processed").waitFor();
    await row.click();
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied.").waitFor();
    const copied = await page.evaluate(() => (globalThis as unknown as Clipboard).navigator.clipboard.readText());
    assert.equal((JSON.parse(copied) as { n: number }).n, 7);
    await page.getByLabel("JSON pointer").fill("price");
    await page.getByText("Write a JSON pointer").waitFor();
    await page.getByLabel("JSON pointer").fill("");
    await page.keyboard.press("Escape");
    await page.keyboard.press("p");
    const paused = await page.getByText(/Paused: \d+ shown/).textContent();
    run(8);
    await page.getByText(/Paused: \d+ shown of 80 seen/).waitFor();
    assert.equal((await page.getByText(/Paused/).textContent())?.split(" of ")[0], paused?.split(" of ")[0]);
  });

  it("copies all of a payload that it shows in part, and says that it is truncated", async () => {
    await open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const { events = [], ...update } = feed.next(250);
    const payload = { text: "the beginning", encoding: "utf8", bytes: 20_000, cut: true } as const;
    server.send({ ...update, events: [{ ...events[0]!, payload }] });
    await show("events");
    await rowOf("Events", "the beginning").click();
    await page.getByText("Truncated: the first 13 characters are shown.").waitFor();
    await page.getByRole("button", { name: "Copy all" }).click();
    await page.getByText(/^Copied all/).waitFor();
    const copied = await page.evaluate(() => (globalThis as unknown as Clipboard).navigator.clipboard.readText());
    assert.equal(copied, `all of ${events[0]!.id}`);
  });

  it("offers to copy a payload only where it can be read", async () => {
    await open();
    const { events = [], ...update } = feed.next(250);
    const { payload: _, ...unknown } = events[0]!;
    const large = { ...unknown, id: "large", key: "large-key", type: "large", item: { partition: "a", sort: "k" } };
    server.send({ ...update, events: [{ ...unknown, type: "unknown" }, large] });
    await show("events");
    const copy = page.getByRole("button", { name: "Copy" });
    await rowOf("Events", "large").click();
    await copy.waitFor();
    await rowOf("Events", "unknown").click();
    await page.getByText("It is not known here, only its key.").waitFor();
    assert.equal(await copy.count(), 0);
  });

  it("shows the stack of a failure, redrives it, and asks before it discards one", async () => {
    await open();
    await show("failures");
    await page.keyboard.press("j");
    await page.getByRole("region", { name: "Stack" }).getByText("at ").first().waitFor();
    await page.keyboard.press("r");
    await page.getByText("Done: redrive.").waitFor();
    await page.keyboard.press("d");
    await page.getByRole("button", { name: "Yes" }).click();
    await page.getByText("Done: discard.").waitFor();
    const [redriven] = server.commands;
    assert.equal(redriven?.command, "redrive");
    server.send({
      type: "update",
      at: feed.snapshot().at,
      removed: { failures: [(redriven as { failure: string }).failure] },
    });
    await page.getByText("2 shown").waitFor();
  });

  it("redrives all failures by key, and asks first", async () => {
    await open();
    await show("failures");
    await page.keyboard.press("R");
    await page.getByRole("button", { name: "Yes" }).click();
    await page.getByText("Done: redrive-all.").waitFor();
    assert.deepEqual(server.commands, [{ command: "redrive-all" }]);
  });

  it("filters logs by level, and lists alarms with the active ones first", async () => {
    await open();
    run(60);
    await show("logs");
    await page.getByLabel("Level").selectOption("warn");
    await grid("Logs").locator(".level.warn").first().waitFor();
    assert.equal(await grid("Logs").locator(".level.info").count(), 0);
    await show("alarms");
    const [, first] = await grid("Alarms").getByRole("row").allTextContents();
    assert.match(first!, /^ALARM.*prices-failed-streams/);
  });

  it("allows no command where it only reads, and says how to allow them", async () => {
    await open({ kind: "deployed", write: false });
    await page.getByText("access is denied").waitFor();
    await rowOf("Streams", "stream-0000").click();
    assert.ok(await page.getByRole("button", { name: "Stop" }).isDisabled());
    await page.keyboard.press("x");
    await page.getByText("Restart it with --write").waitFor();
    assert.deepEqual(server.commands, []);
  });

  it("shows that the connection is lost, keeps what it has, and continues with a new snapshot", async () => {
    await open();
    server.disconnect(true);
    await page.getByText(/Connection lost .* retrying in/).waitFor();
    await rowOf("Streams", "stream-0000").waitFor();
    server.disconnect(false);
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("Connected again.").waitFor();
  });

  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const)
    it(`shows all of every column in ${width} × ${height}`, async () => {
      await open({}, { change: { streams: feedWithLongNames() } });
      await page.setViewportSize({ width, height });
      run(20);
      for (const view of VIEWS) {
        await show(view);
        const beyond = await page.evaluate(`[...document.querySelectorAll(".row.head .cell, header > *, .bar > *")]
          .filter((cell) => cell.getBoundingClientRect().right > (cell.closest(".grid") ?? document.body).getBoundingClientRect().right)
          .map((cell) => cell.textContent)`);
        assert.deepEqual(beyond, [], view);
      }
    });

  it("shows notices with the same reason as one, and instances without a stream", async () => {
    const text = "cannot be read: No AWS credentials found.";
    const notices = ["streams", "failures", "alarms"].map((what) => ({
      ...({ id: what, level: "warn", text, what: `the ${what} of prices` } as const),
    }));
    const { instances: all } = sampleFeed().snapshot();
    const instances = [...all, { ...all[0]!, name: "idle" }];
    await open({}, { change: { notices, instances } });
    await page.getByText(`The streams of prices and 2 others ${text}`).waitFor();
    assert.equal(await page.locator(".notice").count(), 1);
    await rowOf("Streams", "idle").getByText("no stream started yet").waitFor();
  });

  it("explains every empty view", async () => {
    await open({}, { change: { streams: [], hops: [], failures: [], logs: [], alarms: [] } });
    for (const [view, text] of [
      ["streams", "No streams yet"],
      ["handovers", "No hop seen yet"],
      ["events", "No event yet"],
      ["failures", "No failed event"],
      ["logs", "No log line yet"],
      ["alarms", "No alarms"],
    ] as const) {
      await show(view);
      await page.getByText(text).waitFor();
      assert.deepEqual(await faultsOf(page), [], view);
    }
  });

  for (const scheme of ["light", "dark"] as const) {
    it(`has no fault of accessibility in any view, ${scheme}`, async () => {
      await open({}, { colorScheme: scheme });
      run(60);
      for (const view of VIEWS) {
        await show(view);
        await page.keyboard.press("j");
        assert.deepEqual(await faultsOf(page), [], view);
      }
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      assert.deepEqual(await faultsOf(page), [], "help");
    });
  }

  it("stays responsive with 1,000 streams and 1,000 events a second", async () => {
    await open({ streams: 1_000, eventsPerSecond: 1_000 });
    for (const view of ["streams", "handovers", "events"] as const) {
      await show(view);
      const frames = await page.evaluateHandle(() => {
        const counter = { frames: 0, stopped: false };
        const next = () => {
          counter.frames += 1;
          if (!counter.stopped) (globalThis as unknown as Frames).requestAnimationFrame(next);
        };
        next();
        return counter;
      });
      for (let i = 0; i < 12; i++) {
        run(1);
        // Two frames after an update, the page has drawn it.
        const { frames: before } = await frames.jsonValue();
        await page.waitForFunction(
          ([counter, from]) => (counter as { frames: number }).frames >= (from as number) + 2,
          [frames, before],
        );
      }
      const rows = await page.getByRole("row").count();
      assert.ok(rows > 10 && rows < 150, `${rows} rows are drawn`);
    }
    await show("streams");
    await page.keyboard.press("End");
    await rowOf("Streams", "stream-0998").waitFor();
  });

  it("is drawn for the README", async () => {
    await open({ eventsPerSecond: 240 });
    run(60);
    await show("streams");
    await rowOf("Streams", "stream-0000").click();
    await page.locator("canvas").waitFor();
    const image = await page.screenshot(SCREENSHOT === undefined ? {} : { path: SCREENSHOT });
    assert.ok(image.length > 20_000 && image.length <= 200_000, `${image.length} bytes`);
    assert.ok(readFileSync(join(__dirname, "../../docs/console.png")).length <= 200_000);
  });
});

interface Clipboard {
  readonly navigator: { readonly clipboard: { readText(): Promise<string> } };
}
interface Frames {
  requestAnimationFrame(next: () => void): void;
}

/** Ids have at most 128 characters. */
function feedWithLongNames(): Snapshot["streams"] {
  const [first, ...others] = sampleFeed().snapshot().streams;
  return [{ ...first!, streamId: "EUR_USD.".repeat(16) }, ...others];
}

/** The rules that a page breaks, with the elements. */
async function faultsOf(page: Page): Promise<string[]> {
  // The page's own policy allows no other script.
  await page.evaluate(`{${axe.source}}`);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
