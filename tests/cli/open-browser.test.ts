import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { openBrowser } from "../../cli/open-browser";

const LINK = "http://127.0.0.1:4566/#token&more";

(process.platform === "linux" ? describe : describe.skip)("openBrowser", () => {
  const { PATH } = process.env;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });

  it("passes the whole link to the desktop's opener, as one argument", async () => {
    const opened = join(folder, "opened");
    writeFileSync(
      join(folder, "xdg-open"),
      `#!/bin/sh\nprintf '%s|' "$@" > ${opened}.part && mv ${opened}.part ${opened}\n`,
    );
    chmodSync(join(folder, "xdg-open"), 0o755);
    process.env.PATH = `${folder}${delimiter}${PATH}`;
    const seen = new Promise<void>((resolve) => {
      const watcher = watch(folder, (_, name) => {
        if (name !== "opened") return;
        watcher.close();
        resolve();
      });
    });
    openBrowser(LINK, assert.fail);
    await seen;
    assert.equal(readFileSync(opened, "utf8"), `${LINK}|`);
  });

  it("says what to do without an opener", async () => {
    process.env.PATH = folder;
    const sentence = await new Promise((resolve) => openBrowser(LINK, resolve));
    assert.equal(sentence, "No browser could be started with xdg-open. Open the link yourself.");
  });
});
