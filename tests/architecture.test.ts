import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { circlesOf, importsIn, ROOT } from "./imports";

/** Fails with every import of `from` that `forbidden` holds for. */
function forbids(from: string, forbidden: (of: string, file: string) => boolean): void {
  const imports = importsIn(from);
  assert.ok(imports.length > 0, `${from} imports nothing: is the test looking at the right place?`);
  const wrong = imports.filter(({ of, file }) => forbidden(of, file)).map(({ file, of }) => `${file} → ${of}`);
  assert.deepEqual(wrong, []);
}

const inside = (of: string, ...folders: string[]) =>
  folders.some((folder) => of === folder || of.startsWith(`${folder}/`));
const isAwsSdk = (of: string) => of.startsWith("@aws-sdk/") || of.startsWith("@smithy/");
const isPulumi = (of: string) => of.startsWith("@pulumi/");
/** A package of npm, or a module of Node. */
const isPackage = (of: string) => !ROOMS.includes(of.split("/")[0]!);
const ROOMS = readdirSync(ROOT);
const isOurPackage = (of: string) => /^(pulumi-)?stream-ingestion/.test(of);
const ours = (of: string) => inside(of, "components", "runtime", "local", "cli");

describe("the import arrows of the deployed code", () => {
  /** Folders and files of `runtime/`, and what each may import. Control and data never import each other. */
  const RUNTIME: Readonly<Record<string, readonly string[]>> = {
    contract: [],
    support: ["contract"],
    "relay-port": ["contract"],
    aws: ["support"],
    control: ["contract", "relay-port", "support"],
    data: ["aws", "contract", "relay-port", "support"],
    // The entry point of a processor is the user's bundle: `lambda-ports` does what a handler does elsewhere.
    processor: ["aws", "contract", "data", "handlers", "support"],
    handlers: ["aws", "contract", "control", "data", "support"],
    // The entry of a processor's tests.
    testing: ["contract", "data", "processor", "support"],
    // The entry of the command line: it only exports what others contain.
    internal: ["contract", "control", "data", "processor", "support"],
  };
  /** Folders of the control plane. */
  const CONTROL: Readonly<Record<string, readonly string[]>> = {
    table: [],
    deps: ["table"],
    hop: ["deps", "table"],
    streams: ["deps", "table"],
    watchdog: ["deps", "streams", "table"],
    api: ["deps", "streams", "table"],
    repeats: ["table"],
  };

  it("go from components to the contract alone, and never to the AWS SDK", () => {
    forbids("components", (of) => isAwsSdk(of) || (ours(of) && !inside(of, "components") && of !== "runtime/contract"));
  });

  it("keep Pulumi and the local AWS out of the run time", () => {
    forbids("runtime", (of) => isPulumi(of) || (!inside(of, "runtime") && !isPackage(of)));
  });

  it("go from the plugin to the component's entry and the contract alone", () => {
    const allowed = ["components/index", "runtime/contract"];
    forbids("plugin", (of) => isAwsSdk(of) || (ours(of) && !inside(of, "plugin") && !allowed.includes(of)));
  });

  it("keep the local AWS, tests and benches out of components", () => {
    forbids("components", (of) => inside(of, "local", "cli", "tests", "bench"));
  });

  it("go between the folders of the run time as listed", () => {
    assert.deepEqual(arrowsIn("runtime"), sorted(RUNTIME));
    assert.deepEqual(circlesOf(graphOf(RUNTIME)), []);
    forbids(
      "runtime/processor",
      (of, file) => inside(of, "runtime/handlers") && file !== "runtime/processor/lambda-ports.ts",
    );
  });

  it("go between the folders of the control plane as listed", () => {
    assert.deepEqual(arrowsIn("runtime/control"), sorted(CONTROL));
    assert.deepEqual(circlesOf(graphOf(CONTROL)), []);
  });

  it("keep process.env to the handlers and the ports of a processor", () => {
    const files = readdirSync(join(ROOT, "runtime"), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const readers = files
      .filter((file) => /process\.env/.test(readFileSync(join(ROOT, "runtime", file), "utf8")))
      .map((file) => file.split(sep).join("/"));
    assert.deepEqual(
      readers.filter((file) => !file.startsWith("handlers/")),
      ["processor/lambda-ports.ts"],
    );
  });

  it("lead from the command line to the packages' public entries alone", () => {
    const entries = [
      "pulumi-stream-ingestion",
      ...["internal", "processor", "testing"].map((entry) => `pulumi-stream-ingestion/${entry}`),
      "stream-ingestion-local",
    ];
    forbids("cli", (of) => (ours(of) && !inside(of, "cli")) || (isOurPackage(of) && !entries.includes(of)));
  });

  it("lead to no public entry from the code behind it", () => {
    for (const layer of ["components", "runtime"])
      forbids(layer, (of) => isOurPackage(of) || inside(of, "runtime/internal"));
  });
});

describe("the import arrows of the local AWS", () => {
  /** Folders and files of `local/`, and what each may import. */
  const LOCAL: Readonly<Record<string, readonly string[]>> = {
    "local-error": [],
    cloud: ["local-error"],
    resources: [],
    services: ["cloud", "local-error", "resources"],
    "start-local-cloud": ["cloud", "services"],
    "operator-environment": ["cloud"],
    evaluate: ["local-error", "resources", "services"],
    provider: [
      "cloud",
      "evaluate",
      "local-error",
      "operator-environment",
      "resources",
      "services",
      "start-local-cloud",
    ],
    "local-stack": ["cloud", "evaluate", "services"],
    index: [
      "cloud",
      "evaluate",
      "local-error",
      "local-stack",
      "operator-environment",
      "provider",
      "services",
      "start-local-cloud",
    ],
  };
  /** Which services use another: those that AWS itself connects. `service` is what a service is, `services` the list. */
  const SERVICES: Readonly<Record<string, readonly string[]>> = {
    service: [],
    apigateway: ["lambda", "service"],
    appautoscaling: ["service"],
    cloudwatch: ["logs", "service"],
    dynamodb: ["service"],
    ec2: ["service"],
    iam: ["service"],
    lambda: ["cloudwatch", "dynamodb", "iam", "logs", "s3", "service"],
    logs: ["service"],
    s3: ["service"],
    scheduler: ["iam", "lambda", "service"],
    secretsmanager: ["service"],
    sqs: ["service"],
    sts: ["service"],
  };

  it("lead to nothing of ours", () => {
    forbids("local", (of) => (ours(of) && !inside(of, "local")) || isOurPackage(of));
  });

  it("go between its folders as listed, in one direction", () => {
    assert.deepEqual(arrowsIn("local"), LOCAL);
    assert.deepEqual(circlesOf(graphOf(LOCAL)), []);
  });

  it("go between services as listed, and from the list to each of them", () => {
    const { services, ...between } = arrowsIn("local/services");
    assert.deepEqual(between, SERVICES);
    assert.deepEqual(circlesOf(graphOf(SERVICES)), []);
    assert.deepEqual(services, Object.keys(SERVICES).sort());
  });
});

/** What the entries of a folder import of each other: folders, and files without their ending. */
function arrowsIn(folder: string): Record<string, string[]> {
  const entryOf = (path: string) =>
    path
      .slice(folder.length + 1)
      .split("/")[0]!
      .replace(/\.ts$/, "");
  const arrows = new Map<string, Set<string>>();
  for (const entry of readdirSync(join(ROOT, folder)))
    if (!/\.md$|\.json$|^dist$/.test(entry)) arrows.set(entryOf(`${folder}/${entry}`), new Set());
  for (const { file, of } of importsIn(folder)) {
    if (inside(of, folder) && entryOf(of) !== entryOf(file)) arrows.get(entryOf(file))?.add(entryOf(of));
  }
  return Object.fromEntries([...arrows].map(([from, to]) => [from, [...to].sort()]));
}

/** Arrows in the order in which {@link arrowsIn} lists them. */
const sorted = (arrows: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(Object.entries(arrows).map(([from, to]) => [from, [...to].sort()]));

const graphOf = (arrows: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(arrows).map(([from, to]) => [from, new Set(to)]));
