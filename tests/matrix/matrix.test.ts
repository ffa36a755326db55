import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processorCode } from "../../components/processor-code";
import { processorSettings } from "../../components/processor-settings";
import { type CloudFixture, startFixture } from "../local/cloud-fixture";
import { filesOf } from "./assets";
import { CASES } from "./cases";

const FOLDER = join(__dirname, ".processors");
const architecture = process.arch === "x64" ? "x86_64" : "arm64";

/** Bundled as a deployment does it, then run by the local Lambda, in a folder from which no package is found that is not in the archive. */
describe("a processor runs with", () => {
  let fixture: CloudFixture;
  before(async () => {
    mkdirSync(FOLDER, { recursive: true });
    const compilerOptions = { target: "es2022", experimentalDecorators: true, emitDecoratorMetadata: true };
    writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    fixture = await startFixture();
  });
  after(async () => {
    await fixture.cloud.close();
    rmSync(FOLDER, { recursive: true });
  });

  for (const [index, { name, code, kind = "ts", answer, processor = {} }] of CASES.entries())
    it(name, async () => {
      const entry = join(FOLDER, `case-${index}.${kind}`);
      writeFileSync(entry, code);
      const args = { entry, architecture, ...processor } as const;
      const { archive, handler, runtime } = processorCode(args, processorSettings(args), () => {})!;
      const files = await filesOf(archive);
      const inputs = { code: files, handler, runtime, timeout: 60, memorySize: 1024 };
      const { id: target } = await fixture.createFunction(`case-${index}`, "", { inputs });
      const { phase, payload } = await fixture.cloud.functions.invoke({
        target: target!,
        payload: "{}",
        caller: "test",
      });
      fixture.cloud.functions.remove(target!);
      assert.equal(phase, "end", payload);
      assert.deepEqual(JSON.parse(payload), answer);
    });
});
