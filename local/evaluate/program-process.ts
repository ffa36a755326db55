/**
 * Entry of the process that runs one Pulumi program. It loads the program with the local monitor and forwards its
 * registrations to the parent process. One program per process, because the SDK's state is global.
 */
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { LocalError } from "../local-error";
import type { FromProgram, LoadedFiles, Preparation, Start, ToProgram } from "./messages";
import { callChannel, createMonitor, type PulumiParts } from "./monitor";
import { describeProgramError } from "./program-error";
import { loadProgram } from "./program-loader";
import { omitPromiseTraces } from "./promise-traces";
import { pulumiModules } from "./pulumi-modules";
import { assetReader } from "./read-assets";

const send = (message: FromProgram, sent?: () => void) => process.send?.(message, undefined, undefined, () => sent?.());
const { sendCall, settle } = callChannel(send);

process.on("message", (message: ToProgram) => {
  if (message.kind === "answer") settle(message);
  else if (message.kind === "prepare") prepare(message).catch(fail(message.start));
  else run(message).then(() => finish({ kind: "done", modules: pulumiModules(loadedFiles()) }), fail(message));
});
// The parent process has ended.
process.on("disconnect", () => process.exit(1));

type Messages = Readonly<Record<string, PulumiParts["responses"]["InvokeResponse"] | undefined>>;

type Pulumi = typeof import("@pulumi/pulumi");
let initialised: Promise<Pulumi> | undefined;

async function prepare({ start, modules }: Preparation): Promise<void> {
  initialised = initialise(start);
  await initialised;
  for (const file of modules) require(file);
  const files = [installedPulumi(start.directory), ...loadedFiles()].map((file): LoadedFiles[number] => [
    file,
    statSync(file).ctimeMs,
  ]);
  if (files.some(([, changedAt]) => changedAt >= performance.timeOrigin))
    throw new Error("A package changed while it was loaded.");
  send({ kind: "prepared", files });
}

async function run(start: Start): Promise<void> {
  initialised ??= initialise(start);
  const { runtime } = await initialised;
  // The folder may have been replaced since the preparation.
  process.chdir(start.directory);
  await runtime.runInPulumiStack(() => loadProgram(start.entry) as Promise<Record<string, unknown>>);
  await runtime.disconnect();
}

async function initialise(start: Start): Promise<Pulumi> {
  // A failed registration appears only as unhandled rejections; the first one is the error.
  process.on("unhandledRejection", fail(start));
  process.on("uncaughtException", fail(start));
  omitPromiseTraces();
  process.chdir(start.directory);

  const load = pulumiOf(start.directory);
  const pulumi = load("index.js") as Pulumi;
  pulumi.runtime.setAllConfig({ ...start.config }, [...start.secretKeys]);
  const settings = load("runtime/settings.js") as typeof import("@pulumi/pulumi/runtime/settings") & {
    /** Internal: queries the features of the monitor, which the mock monitor answers. */
    awaitFeatureSupport(): Promise<void>;
  };
  const messages = (name: string) => load(`proto/${name}_pb.js`) as PulumiParts["responses"] & Messages;
  const resources = messages("resource");
  const parts: PulumiParts = {
    mocks: load("runtime/mocks.js") as PulumiParts["mocks"],
    responses: {
      ...resources,
      // Newer SDKs have a separate class for the monitor's response, older ones use the provider's.
      InvokeResponse: resources.ResourceInvokeResponse ?? messages("provider").InvokeResponse!,
    },
    struct: load("google-protobuf/google/protobuf/struct_pb.js") as PulumiParts["struct"],
  };
  const monitor = createMonitor(parts, start, assetReader(start.directory), sendCall);
  settings.setMockOptions(monitor, start.project, start.stack, false, "local");
  await settings.awaitFeatureSupport();
  return pulumi;
}

/** Files of installed packages. */
function loadedFiles(): string[] {
  return Object.keys(require.cache).filter((file) => /[\\/]node_modules[\\/]/.test(file));
}

/** By the path that a program uses, which can become a link to another version. */
function installedPulumi(directory: string): string {
  const folders = createRequire(join(directory, "index.js")).resolve.paths("@pulumi/pulumi") ?? [];
  return folders.map((folder) => join(folder, "@pulumi/pulumi/package.json")).find((path) => existsSync(path))!;
}

/** Requires from the program's own copy of `@pulumi/pulumi`, because copies share state but not classes. */
function pulumiOf(directory: string): (path: string) => unknown {
  const fromProgram = createRequire(join(directory, "index.js"));
  let entry: string;
  try {
    entry = fromProgram.resolve("@pulumi/pulumi/package.json");
  } catch (error) {
    throw new LocalError(
      `The program in ${directory} has no @pulumi/pulumi. Install it there: npm install @pulumi/pulumi`,
      {
        cause: error,
      },
    );
  }
  const fromPulumi = createRequire(entry);
  return (path) => fromPulumi(path.startsWith("google-protobuf/") ? path : `./${path}`) as unknown;
}

const fail = (start: Start) => (error: unknown) =>
  finish({ kind: "failed", message: describeProgramError(error, start.directory) });

let finished = false;
/** Sends the first outcome, then exits. */
function finish(outcome: FromProgram): void {
  if (finished) return;
  finished = true;
  send(outcome, () => process.exit(0));
}
