import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { type Overrides, program } from "./deployment";
import type { Step } from "./engine-stack";
import { useEngine } from "./use-engine";

/** Types whose replacement would lose data, or process a stream again from its horizon. */
const STATEFUL = /:(Table|Bucket|Secret|EventSourceMapping|RestApi)$/;

/** The relay's settings are in the environment of the connection manager, and their release in that of the watchdog. */
const RELAY = ["connection-manager", "watchdog"];
const FUNCTIONS = ["connection-api", "connection-manager", "event-processor", "repeat-counter", "watchdog"];
const all = (suffix: string) => FUNCTIONS.map((name) => `${name}-${suffix}`);
const API_METHODS = ["api-list", "api-start", "api-status", "api-stop"];
const STATEMENT = { actions: ["sns:Publish"], resources: ["arn:aws:sns:us-east-1:000000000000:topic"] };
const SUBNETS = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };

/** A mapping without a processor's events: it only counts, from the horizon again when it returns. */
const COUNTS_REPEATS = "prices-repeat-mapping";

/** An argument with its new value, and the children that it may change. */
type Row = readonly [argument: string, value: unknown, touched: readonly string[] | RegExp];

const ROWS: readonly Row[] = [
  ["source.url", "https://other.example", ["source-version"]],
  ["source.path", "/v2/{streamId}", ["source-version"]],
  ["source.key", "other-key", ["source-version"]],
  ["source.headers", { "x-client": "a" }, ["source-version"]],
  ["source.query", { account: "a" }, ["source-version"]],
  ["source.proxy", "http://proxy.example:3128", ["source-version"]],
  ["source.auth", { kind: "header", name: "x-key" }, RELAY],
  ["source.format", "lines", RELAY],
  ["source.compression", true, RELAY],
  ["source.resume", { kind: "none" }, RELAY],
  ["source.idleTimeoutSeconds", 30, RELAY],
  ["source.maxConnections", 20, ["connection-api", ...RELAY]],
  ["source.on", [{ type: "ping", action: "ignore" }], RELAY],
  ["source.end", "complete", RELAY],
  ["source.http2", true, RELAY],
  ["source", { tls: { ca: rootCertificates[0] } }, ["source-version"]],
  ["source", { method: "POST", body: '{"id":"{streamId}"}', end: "reconnect" }, ["source-version", ...RELAY]],
  ["source", { url: "wss://stream.example", webSocket: { messages: ["{streamId}"] } }, ["source-version"]],
  [
    "source",
    { auth: { kind: "oauth2" }, oauth2: { tokenUrl: "https://login.example/token", clientId: "prices" } },
    ["source-version", ...RELAY],
  ],
  ["processor.memorySize", 512, ["event-processor"]],
  ["processor.timeoutSeconds", 30, ["event-processor"]],
  ["processor.environment", { DATABASE: "prices" }, ["event-processor"]],
  ["processor.architecture", "x86_64", ["event-processor"]],
  ["processor.runtime", "nodejs22.x", ["event-processor"]],
  ["processor.bundle", { minify: false }, ["event-processor"]],
  ["processor.policyStatements", [STATEMENT], ["event-processor-policy"]],
  ["processor.batchSize", 7, ["mapping"]],
  // The alarm's threshold depends on the number of streams.
  ["streams", ["EUR_USD", "BTC_USD"], ["declared", "hop-rate"]],
  ["relay.handover", "break", RELAY],
  ["relay.memorySize", 512, RELAY],
  ["relay.streamsPerHop", 2, RELAY],
  ["relay.reservedConcurrency", 10, ["connection-manager"]],
  ["relay.recursion", "none", ["connection-manager-recursion", ...RELAY]],
  ["events.identity", { kind: "pointer", pointer: "/id" }, RELAY],
  ["events.maxEventBytes", 4096, RELAY],
  ["events.slices", 4, RELAY],
  ["events.warmThroughput", 8_000, ["events"]],
  [
    "events.billing",
    { mode: "provisioned" },
    ["events", "events-read-capacity", "events-read-scaling", "events-write-capacity", "events-write-scaling"],
  ],
  [
    "events.countRepeats",
    false,
    ["repeat-counter", "repeat-counter-logs", "repeat-counter-policy", "repeat-counter-role", "repeat-mapping"],
  ],
  ["events.ttlDays", 3, ["bucket-lifecycle", ...RELAY]],
  [
    "api.authorization",
    "iam-and-api-key",
    [...API_METHODS, "api-deployment", "api-key", "api-plan", "api-plan-key", "api-stage"],
  ],
  ["api.allowedCidrs", ["203.0.113.0/24"], ["api-deployment", "api-policy", "api-stage"]],
  ["api.privateApi", { vpcEndpointIds: ["vpce-1"] }, ["api", "api-deployment", "api-policy", "api-stage"]],
  ["api.accessLogs", true, ["api-access-logs", "api-stage", "api-throttling"]],
  ["alarms.topicArn", "arn:aws:sns:us-east-1:000000000000:pager", /^MetricAlarm$/],
  ["alarms.hopRate", { threshold: 9 }, ["hop-rate"]],
  ["alarms.iteratorAge", { enabled: false }, ["dashboard", "iterator-age"]],
  ["network", SUBNETS, ["connection-manager", "connection-manager-policy"]],
  ["network", { ...SUBNETS, functions: "all" }, [...FUNCTIONS, ...all("policy")]],
  [
    "account.kmsKeyArn",
    "arn:aws:kms:us-east-1:000000000000:key/1",
    [...FUNCTIONS, ...all("logs"), ...all("policy"), "bucket-encryption", "connections", "events", "source"],
  ],
  ["account.permissionsBoundary", "arn:aws:iam::000000000000:policy/boundary", [...all("role"), "schedule-role"]],
  // IAM cannot move a role: its functions and policies follow the new one.
  [
    "account.rolePath",
    "/teams/",
    [
      ...[...FUNCTIONS, ...all("role"), ...all("policy"), "connection-manager-chain-policy"],
      ...["schedule", "schedule-role", "schedule-policy"],
    ],
  ],
  ["account.logRetentionDays", 365, /^LogGroup$/],
  ["account.tracing", true, [...FUNCTIONS, ...all("policy"), "api-stage"]],
  ["account.deletionProtection", true, /^Table$/],
  ["account.extraStatements", { watchdog: [STATEMENT] }, ["watchdog-policy"]],
  // The functions and the alarms of their metrics.
  ["deploymentName", "prices-of-europe", /^(Function|MetricAlarm|Dashboard)$/],
  ["removal", "retain", ["bucket", "source"]],
  [
    "tags",
    { team: "markets" },
    /^(Bucket|EventSourceMapping|Function|LogGroup|MetricAlarm|RestApi|Role|Secret|Stage|Table)$/,
  ],
];

const isMember = (argument: string) => argument.includes(".");
const same = (a: Row[2], b: Row[2]) => Array.isArray(a) && Array.isArray(b) && a.join() === b.join();

/** Rows with one member each that may change the same children: one preview shows them all. */
const GROUPS: readonly Row[][] = ROWS.reduce<Row[][]>((groups, row) => {
  const [argument, , touched] = row;
  const fits = groups.find(([first]) => isMember(argument) && isMember(first![0]) && same(first![2], touched));
  if (fits) fits.push(row);
  else groups.push([row]);
  return groups;
}, []);

describe("a changed argument, under the Pulumi engine", () => {
  const engine = useEngine();
  before(async () => {
    await engine.stack.up(program());
  });

  for (const rows of GROUPS) {
    const touched = rows[0]![2];
    const what = rows.map(([argument, value]) => `${argument} = ${JSON.stringify(value).slice(0, 80)}`);
    it(`changes only its children, and replaces none with state: ${what.join(", ")}`, async () => {
      const { steps } = await engine.stack.preview(program(changed(rows)));
      const children = steps.filter(({ type }) => type.startsWith("aws:"));
      assert.deepEqual(
        children.filter(
          ({ op, name, type }) => STATEFUL.test(type) && /replace|delete/.test(op) && name !== COUNTS_REPEATS,
        ),
        [],
      );
      if (touched instanceof RegExp) {
        const others = children.filter(({ type }) => !touched.test(type.split(":").at(-1)!));
        assert.deepEqual([children.length > 1, others], [true, []]);
      } else assert.deepEqual(names(children), [...touched].sort());
    });
  }
});

/** The program's arguments with the values of the rows. An object in place of a whole argument is merged. */
function changed(rows: readonly Row[]): Overrides {
  const changes: Record<string, unknown> = {};
  for (const [argument, value] of rows) {
    const [outer = "", inner] = argument.split(".");
    const before = changes[outer] ?? (program.defaults as Record<string, unknown>)[outer];
    const members = inner === undefined ? value : { [inner]: value };
    const isObject = typeof members === "object" && members !== null && !Array.isArray(members);
    changes[outer] = isObject ? { ...(before as object | undefined), ...members } : members;
  }
  return changes;
}

/** The children in the steps, without the instance's name. */
function names(steps: readonly Step[]): string[] {
  return [...new Set(steps.map(({ name }) => name.replace(/^prices-/, "")))].sort();
}
