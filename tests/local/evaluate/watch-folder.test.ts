import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchFolder } from "../../../local/evaluate/watch-folder";
import { programFolder } from "./program-folder";

describe("watching a project", () => {
  let folder: ReturnType<typeof programFolder>;
  let end = () => {};
  beforeEach(() => {
    folder = programFolder({ "src/a.ts": "1", ".hidden/a": "1", "data/a": "1" });
  });
  afterEach(() => {
    end();
    folder.remove();
  });

  const write = (name: string, content: string) => {
    mkdirSync(join(folder.path, name, ".."), { recursive: true });
    writeFileSync(join(folder.path, name), content);
  };
  /** Resolves with the next change. */
  const changed = (edit: () => void): Promise<void> =>
    new Promise((resolve) => {
      onChange = resolve;
      edit();
    });
  let onChange = () => {};
  const start = () => {
    end = watchFolder(folder.path, () => onChange(), [join(folder.path, "data")]);
  };

  it("reports edits in folders that exist, and in folders that are added", async () => {
    start();
    await changed(() => write("src/a.ts", "2"));
    await changed(() => write("new/deep/b.ts", "1"));
    await changed(() => write("new/deep/b.ts", "2"));
  });

  it("does not report hidden folders, exceptions and installed packages", async () => {
    start();
    onChange = () => {
      throw new Error("A change that is ignored was reported.");
    };
    write(".hidden/a", "2");
    write("data/a", "2");
    // A later edit is reported later, so the ones before it were not.
    const later = changed.bind(undefined, () => write("src/a.ts", "2"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await later();
  });
});
