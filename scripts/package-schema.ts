import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";

const ROOT = resolve(__dirname, "..");

/** Generates the Pulumi package schema of the component from its arguments and their doc comments. */
export function packageSchema(): string {
  const { name, version, description } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "schema-"));
  try {
    for (const linked of ["node_modules", "components", "runtime"])
      symlinkSync(join(ROOT, linked), join(folder, linked));
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
    const manifest = { name, main: "components/index.ts" };
    const analyzer = new Analyzer(folder, "stream-ingestion", manifest, new Set(["StreamIngestion"]));
    const { components, typeDefinitions, dependencies } = analyzer.analyze();
    const schema = generateSchema("stream-ingestion", version, description, components, typeDefinitions, dependencies);
    // Generated SDKs add "Args" to the names of types.
    return `${JSON.stringify(schema, null, 2).replace(/(stream-ingestion:index:\w+)Args"/g, '$1"')}\n`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `npm run schema` writes it. */
if (require.main === module) writeFileSync(join(ROOT, "plugin/schema.json"), packageSchema());
