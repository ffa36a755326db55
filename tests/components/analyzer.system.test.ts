import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";

const ROOT = resolve(__dirname, "../..");

describe("Pulumi's analyzer", () => {
  it("creates a schema of the component, so that other languages can use it", () => {
    const folder = mkdtempSync(join(tmpdir(), "analyzer-"));
    try {
      symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
      symlinkSync(join(ROOT, "components"), join(folder, "components"));
      symlinkSync(join(ROOT, "runtime"), join(folder, "runtime"));
      const compilerOptions = {
        target: "ES2022",
        module: "commonjs",
        strict: true,
        skipLibCheck: true,
        esModuleInterop: true,
        types: ["node"],
        preserveSymlinks: true,
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["components/index.ts"] }));
      const packageJson = { name: "pulumi-stream-ingestion", main: "components/index.ts" };
      const analyzer = new Analyzer(folder, "stream-ingestion", packageJson, new Set(["StreamIngestion"]));
      const { components, typeDefinitions } = analyzer.analyze();
      const { inputs, outputs } = components.StreamIngestion!;
      assert.deepEqual(Object.keys(inputs).sort(), [
        "account",
        "alarms",
        "api",
        "bucket",
        "connections",
        "deploymentName",
        "events",
        "manageBucket",
        "network",
        "processor",
        "relay",
        "removal",
        "source",
        "streams",
        "tags",
      ]);
      assert.ok(!("nodes" in outputs));
      assert.ok("apiUrl" in outputs);
      assert.deepEqual(typeDefinitions.Handover!.enum!.map(({ value }) => value).sort(), ["auto", "break", "overlap"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
