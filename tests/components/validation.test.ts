import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion, type StreamIngestionArgs } from "../../components";
import { evaluate } from "../mocks/recording-monitor";
import { ENTRY, someArgs } from "./arguments";

const source = { url: "https://upstream.example", path: "/" };
const with_ = (changes: object) => someArgs(changes as Partial<StreamIngestionArgs>);

/** Every argument that is refused, and the sentence. */
const REFUSED: readonly (readonly [name: string, args: unknown, message: string])[] = [
  ["no arguments", undefined, "Expected `source.url` to be the upstream's origin, got undefined."],
  [
    "no path",
    { source: { url: "https://a.example" }, processor: { entry: ENTRY } },
    'Expected `source.path` to be a path on the upstream, "/" for its root, got undefined.',
  ],
  [
    "a URL without protocol",
    with_({ source: { ...source, url: "a.example" } }),
    'Expected `source.url` to be an http, https, ws or wss URL without query, got "something else (it is a secret)".',
  ],
  [
    "a path without slash",
    with_({ source: { ...source, path: "v1" } }),
    'Expected `source.path` to be a path that begins with «/», got "something else (it is a secret)".',
  ],
  [
    "a format that is none",
    with_({ source: { ...source, format: "xml" } }),
    'Expected `source.format` to be "auto" | "sse" | "lines" | "json" | "json-seq", got "xml".',
  ],
  [
    "an idle timeout longer than a hop",
    with_({ source: { ...source, idleTimeoutSeconds: 900 } }),
    "Expected `source.idleTimeoutSeconds` to be 1..840, got 900.",
  ],
  [
    "an auth that is none",
    with_({ source: { ...source, auth: { kind: "digest" } } }),
    'Expected `source.auth.kind` to be "bearer" | "header" | "query" | "basic" | "oauth2" | "aws-sigv4" | "none", got "digest".',
  ],
  [
    "an auth that is text",
    with_({ source: { ...source, auth: "none" } }),
    'Expected `source.auth` to be an object such as { kind: "header", name: "X-Api-Key" }, got "none".',
  ],
  [
    "an unknown key of the source",
    with_({ source: { ...source, timeout: 5 } }),
    'Expected `source` to have the keys url, path, secretArn, key, format, auth, headers, query, method, body, oauth2, tls, proxy, http2, compression, allowInsecureHttp, resume, idleTimeoutSeconds, on, end, webSocket, got "timeout". Example: { url: "https://stream.example.com", path: "/v1/{streamId}", key }.',
  ],
  [
    "basic without a key",
    with_({ source: { ...source, auth: { kind: "basic" } } }),
    "Expected `source.key` to be `user:password` with this `source.auth`, got undefined.",
  ],
  [
    "oauth2 without its arguments",
    with_({ source: { ...source, key: "k", auth: { kind: "oauth2" } } }),
    'Expected `source.oauth2` to be given with `source.auth: { kind: "oauth2" }`, and only with it, got "none".',
  ],
  [
    "oauth2 arguments without the kind",
    with_({ source: { ...source, oauth2: { tokenUrl: "https://a.example", clientId: "c" } } }),
    'Expected `source.oauth2` to be given with `source.auth: { kind: "oauth2" }`, and only with it, got "it with "bearer"".',
  ],
  [
    "a signature without service",
    with_({ source: { ...source, auth: { kind: "aws-sigv4" } } }),
    "Expected `source.auth.service` to be given, got undefined.",
  ],
  [
    "a client certificate without key",
    with_({ source: { ...source, tls: { cert: "x" } } }),
    'Expected `source.tls` to be `cert` and `key` together, got "`cert` only".',
  ],
  [
    "a POST that does not say what its end means",
    with_({ source: { ...source, method: "POST" } }),
    'Expected `source.end` to be given with `source.method` POST: "reconnect" sends the request again, "complete" ends the stream, got undefined.',
  ],
  [
    "a body with GET",
    with_({ source: { ...source, body: "x" } }),
    'Expected `source.method` to be "POST" or "PUT" with `source.body`, got undefined.',
  ],
  [
    "a template without position",
    with_({ source: { ...source, resume: { kind: "query", name: "since", template: "[]" } } }),
    'Expected `source.resume.template` to be text with {position}, got "[]".',
  ],
  [
    "a position in a body that there is not",
    with_({ source: { ...source, resume: { kind: "body" } } }),
    'Expected `source.body` to be a body with {position}, as `source.resume: { kind: "body" }` requires, got undefined.',
  ],
  [
    "a compression that is text",
    with_({ source: { ...source, compression: "gzip" } }),
    'Expected `source.compression` to be true or false, got "gzip".',
  ],
  [
    "HTTP/2 over a proxy",
    with_({ source: { ...source, http2: true, proxy: "http://proxy.example" } }),
    "Expected `source.http2` to be false with `source.proxy`, got true.",
  ],
  [
    "an identity that is text",
    with_({ events: { identity: "sse-id" } }),
    'Expected `events.identity` to be an object such as { kind: "pointer", pointer: "/id" }, got "sse-id".',
  ],
  [
    "a WebSocket over a proxy",
    with_({ source: { ...source, url: "wss://upstream.example", proxy: "http://proxy.example" } }),
    'Expected `source.url` to be an http or https URL with `source.proxy`, got "a WebSocket".',
  ],
  [
    "a key over http",
    with_({ source: { ...source, url: "http://upstream.example", key: "hidden" } }),
    'Expected `source.url` to be https, because each request carries a credential; set `source.allowInsecureHttp: true` to send it readable, got "http".',
  ],
  [
    "a key and a user in the URL",
    with_({ source: { ...source, url: "https://ann:pass@upstream.example", key: "hidden" } }),
    'Expected `source.key` to be absent where `source.url` has a user and password, got "both (they are secrets)".',
  ],
  [
    "two streams with the same request",
    with_({ source, streams: ["a", "b"] }),
    'Expected `source` to be a request with {streamId} in `path`, `query`, `headers` or `body`, because `streams` has more than one stream, got "the same request for each of them".',
  ],
  [
    "an auth header without name",
    with_({ source: { ...source, auth: { kind: "header" } } }),
    "Expected `source.auth.name` to be given, got undefined.",
  ],
  [
    "a resume that is none",
    with_({ source: { ...source, resume: { kind: "cookie" } } }),
    'Expected `source.resume.kind` to be "last-event-id" | "query" | "header" | "body" | "message" | "none", got "cookie".',
  ],
  [
    "a resume without name",
    with_({ source: { ...source, resume: { kind: "query", pointer: "/a" } } }),
    "Expected `source.resume.name` to be given, got undefined.",
  ],
  [
    "no processor",
    { source },
    'Expected `processor` to be one of `entry` (a file), `code` (an archive) and `functionArn` (an existing function), got "none".',
  ],
  [
    "two processors",
    with_({ processor: { entry: ENTRY, functionArn: "arn" } }),
    'Expected `processor` to be one of `entry` (a file), `code` (an archive) and `functionArn` (an existing function), got "entry and functionArn".',
  ],
  [
    "a role for a file",
    with_({ processor: { entry: ENTRY, roleName: "r" } }),
    'Expected `processor.roleName` to be given with `functionArn` only, got "it with `entry`".',
  ],
  [
    "a handler for a file",
    with_({ processor: { entry: ENTRY, handler: "a.b" } }),
    'Expected `processor.handler` to be given with `code` only, got "it with `entry`".',
  ],
  [
    "packages for an existing function",
    with_({ processor: { functionArn: "arn", install: ["sharp"] } }),
    'Expected `processor.install` to be given with `entry` only, got "it with `functionArn`".',
  ],
  [
    "an environment for an existing function",
    with_({ processor: { functionArn: "arn", environment: { MINE: "a" } } }),
    'Expected `processor.environment` to be given with `entry` or `code` only, got "it with `functionArn`".',
  ],
  [
    "a runtime that does not run the file",
    with_({ processor: { entry: ENTRY, runtime: "python3.14" } }),
    `Expected \`processor.runtime\` to be nodejs22.x | nodejs24.x for ${ENTRY}, got "python3.14".`,
  ],
  [
    "a Python runtime without zstd",
    with_({ processor: { entry: "processor.py", runtime: "python3.9" } }),
    'Expected `processor.runtime` to be python3.11 | python3.12 | python3.13 | python3.14 for processor.py, got "python3.9".',
  ],
  [
    "a bundle of Python",
    with_({ processor: { entry: "processor.py", bundle: {} } }),
    'Expected `processor.bundle` to be given with JavaScript and TypeScript only, got "processor.py".',
  ],
  [
    "an architecture that is none",
    with_({ processor: { entry: ENTRY, architecture: "x64" } }),
    'Expected `processor.architecture` to be "arm64" | "x86_64", got "x64".',
  ],
  [
    "a module format that is none",
    with_({ processor: { entry: ENTRY, bundle: { format: "umd" } } }),
    'Expected `processor.bundle.format` to be "cjs" | "esm", got "umd".',
  ],
  [
    "a loader that is none",
    with_({ processor: { entry: ENTRY, bundle: { loader: { ".sql": "sql" } } } }),
    'Expected `processor.bundle.loader[".sql"]` to be base64 | binary | copy | css | dataurl | default | empty | file | js | json | ' +
      'jsx | local-css | text | ts | tsx, got "sql".',
  ],
  [
    "a package that is no text",
    with_({ processor: { entry: ENTRY, install: [1] } }),
    'Expected `processor.install` to be a list of strings, got "[1]".',
  ],
  [
    "a copy that leaves the function's folder",
    with_({ processor: { entry: ENTRY, copy: [{ from: "a", to: "../a" }] } }),
    'Expected `processor.copy[0].to` to be a path inside the function\'s folder, got "../a".',
  ],
  [
    "too little memory",
    with_({ processor: { entry: ENTRY, memorySize: 64 } }),
    "Expected `processor.memorySize` to be 128..10240, got 64.",
  ],
  [
    "too long a timeout",
    with_({ processor: { entry: ENTRY, timeoutSeconds: 901 } }),
    "Expected `processor.timeoutSeconds` to be 1..900, got 901.",
  ],
  [
    "an empty batch",
    with_({ processor: { entry: ENTRY, batchSize: 0 } }),
    "Expected `processor.batchSize` to be 1..10000, got 0.",
  ],
  [
    "half a batch",
    with_({ processor: { entry: ENTRY, batchSize: 0.5 } }),
    "Expected `processor.batchSize` to be 1..10000, got 0.5.",
  ],
  [
    "a hand-over that is none",
    with_({ relay: { handover: "swap" } }),
    'Expected `relay.handover` to be "auto" | "overlap" | "break", got "swap".',
  ],
  [
    "too much memory for the relay",
    with_({ relay: { memorySize: 10_241 } }),
    "Expected `relay.memorySize` to be 128..10240, got 10241.",
  ],
  [
    "too many streams a hop",
    with_({ relay: { streamsPerHop: 101 } }),
    "Expected `relay.streamsPerHop` to be 1..100, got 101.",
  ],
  [
    "a concurrency that stalls hand-overs",
    with_({ relay: { reservedConcurrency: 2 } }),
    "Expected `relay.reservedConcurrency` to be at least 3 (twice the concurrent hops plus one), or 0 to stop every stream, got 2.",
  ],
  [
    "an identity that is none",
    with_({ events: { identity: { kind: "hash" } } }),
    'Expected `events.identity.kind` to be "content" | "sse-id" | "pointer" | "arrival", got "hash".',
  ],
  [
    "an identity without pointer",
    with_({ events: { identity: { kind: "pointer" } } }),
    "Expected `events.identity.pointer` to be a JSON pointer such as /id, got undefined.",
  ],
  [
    "a pointer with a bad escape",
    with_({ events: { identity: { kind: "pointer", pointer: "/a~2" } } }),
    'Expected `events.identity.pointer` to be a JSON pointer such as /id, got "/a~2".',
  ],
  [
    "rules that are not a list",
    with_({ source: { ...source, on: { type: "ping", action: "ignore" } } }),
    'Expected `source.on` to be a list of rules such as { pointer: "/type", equals: "HEARTBEAT", action: "ignore" }, got {"type":"ping","action":"ignore"}.',
  ],
  [
    "a rule that is a string",
    with_({ source: { ...source, on: ["ping"] } }),
    'Expected `source.on[0]` to be an object such as { pointer: "/type", equals: "HEARTBEAT", action: "ignore" }, got "ping".',
  ],
  [
    "a rule with an unknown key",
    with_({ source: { ...source, on: [{ pointer: "/a", equal: 1, action: "ignore" }] } }),
    'Expected `source.on[0]` to have the keys type, text, pointer, equals, action, got "equal". Example: { pointer: "/type", equals: "HEARTBEAT", action: "ignore" }.',
  ],
  [
    "a rule without a condition",
    with_({ source: { ...source, on: [{ action: "fail" }] } }),
    'Expected `source.on[0]` to be a rule with `type`, `text` or `pointer`, got "none of them, which matches every event".',
  ],
  [
    "a rule without an action",
    with_({ source: { ...source, on: [{ type: "ping" }] } }),
    'Expected `source.on[0].action` to be "ignore" | "lose-position" | "reconnect" | "refresh-credential" | "complete" | "fail", got undefined.',
  ],
  [
    "a value without its pointer",
    with_({ source: { ...source, on: [{ type: "ping", equals: 1, action: "ignore" }] } }),
    'Expected `source.on[0].equals` to be given with `pointer`, got "it without".',
  ],
  [
    "a value that is an object",
    with_({ source: { ...source, on: [{ pointer: "/a", equals: {}, action: "ignore" }] } }),
    "Expected `source.on[0].equals` to be a string, number, boolean or null, got {}.",
  ],
  [
    "a text that is not one",
    with_({ source: { ...source, on: [{ text: 7, action: "ignore" }] } }),
    "Expected `source.on[0].text` to be text, got 7.",
  ],
  [
    "WebSocket settings for an HTTP source",
    with_({ source: { ...source, webSocket: { compression: true } } }),
    'Expected `source.webSocket` to be given with a `source.url` that begins with wss:, got "it with another URL".',
  ],
  [
    "a format for a WebSocket",
    with_({ source: { ...source, url: "wss://a.example", format: "lines" } }),
    'Expected `source.format` to be "auto" for a WebSocket, where each message is an event, got "lines".',
  ],
  [
    "WebSocket settings with an unknown key",
    with_({ source: { ...source, url: "wss://a.example", webSocket: { subscribe: "a" } } }),
    'Expected `source.webSocket` to have the keys subprotocols, messages, pingIntervalSeconds, pingMessage, compression, got "subscribe". Example: { messages: [\'{"op":"subscribe","channel":"{streamId}"}\'] }.',
  ],
  [
    "a message that is not in a list",
    with_({ source: { ...source, url: "wss://a.example", webSocket: { messages: "subscribe" } } }),
    'Expected `source.webSocket.messages` to be a list of messages, got "something else (they are secrets)".',
  ],
  [
    "a subprotocol with a space",
    with_({ source: { ...source, url: "wss://a.example", webSocket: { subprotocols: ["a b"] } } }),
    'Expected `source.webSocket.subprotocols` to be a list of distinct names such as ["v1.json"], got ["a b"].',
  ],
  [
    "an empty ping message",
    with_({ source: { ...source, url: "wss://a.example", webSocket: { pingMessage: "" } } }),
    'Expected `source.webSocket.pingMessage` to be text, got "".',
  ],
  [
    "a ping longer than a hop",
    with_({ source: { ...source, url: "wss://a.example", webSocket: { pingIntervalSeconds: 900 } } }),
    "Expected `source.webSocket.pingIntervalSeconds` to be 0..840, got 900.",
  ],
  [
    "an end that has no meaning",
    with_({ source: { ...source, end: "stop" } }),
    'Expected `source.end` to be "reconnect" | "complete", got "stop".',
  ],
  ["no days", with_({ events: { ttlDays: 0 } }), "Expected `events.ttlDays` to be 1..3650, got 0."],
  [
    "tiny events",
    with_({ events: { maxEventBytes: 10 } }),
    "Expected `events.maxEventBytes` to be 1024..104857600, got 10.",
  ],
  ["three slices", with_({ events: { slices: 3 } }), "Expected `events.slices` to be 1, 4 or 16, got 3."],
  [
    "an authorization that is none",
    with_({ api: { authorization: "none" } }),
    'Expected `api.authorization` to be "iam" | "iam-and-api-key", got "none".',
  ],
  [
    "an address without range",
    with_({ api: { allowedCidrs: ["203.0.113.7"] } }),
    'Expected `api.allowedCidrs[0]` to be a CIDR range such as 203.0.113.0/24, got "203.0.113.7".',
  ],
  [
    "an id outside the alphabet",
    with_({ streams: ["a", "b/c"] }),
    'Expected `streams[1]` to be 1 to 128 characters from A-Z a-z 0-9 . _ : @ - (not "." or ".."), got "b/c".',
  ],
  ["no list", with_({ streams: "a" }), 'Expected `streams` to be a list of stream ids, got "a".'],
  ["a repeated id", with_({ streams: ["a", "a"] }), 'Expected `streams` to be without repetition, got "a".'],
  ["a removal that is none", with_({ removal: "keep" }), 'Expected `removal` to be "retain" | "delete", got "keep".'],
  [
    "an existing secret beside a URL",
    with_({ source: { ...source, secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine" } }),
    'Expected `source.secretArn` to be given without `url`, `path`, `key`, `headers`, `query`, `body`, `oauth2`, `tls`, `proxy` and `webSocket.messages`, got "it with url, path".',
  ],
  [
    "a secret's name",
    with_({ source: { secretArn: "my-secret" } }),
    'Expected `source.secretArn` to be the ARN of a secret, got "my-secret".',
  ],
  [
    "an alias of a key",
    with_({ account: { kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:alias/mine" } }),
    'Expected `account.kmsKeyArn` to be the ARN of a key, not of an alias, got "arn:aws:kms:eu-west-1:123456789012:alias/mine".',
  ],
  [
    "the name of a boundary",
    with_({ account: { permissionsBoundary: "developers" } }),
    'Expected `account.permissionsBoundary` to be the ARN of an IAM policy, got "developers".',
  ],
  [
    "a path without slashes",
    with_({ account: { rolePath: "teams" } }),
    'Expected `account.rolePath` to be a path such as /teams/data/, got "teams".',
  ],
  [
    "a retention that CloudWatch Logs has not",
    with_({ account: { logRetentionDays: 10 } }),
    "Expected `account.logRetentionDays` to be one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, got 10.",
  ],
  [
    "tracing in words",
    with_({ account: { tracing: "Active" } }),
    'Expected `account.tracing` to be true or false, got "Active".',
  ],
  [
    "an account's setting that is none",
    with_({ account: { kmsKeyId: "k" } }),
    'Expected `account` to be one or more of kmsKeyArn, permissionsBoundary, rolePath, logRetentionDays, tracing, deletionProtection, extraStatements, got "kmsKeyId".',
  ],
  [
    "a deployment name with a space",
    with_({ deploymentName: "my prices" }),
    'Expected `deploymentName` to be 1..255 letters, digits, hyphens and underscores, got "my prices".',
  ],
  [
    "half a private API",
    with_({ api: { privateApi: { vpcId: "vpc-1" } } }),
    'Expected `api.privateApi` to be either `vpcEndpointIds`, or `vpcId` with `subnetIds` and `securityGroupIds`, got "vpcId".',
  ],
  [
    "access logs in words",
    with_({ api: { accessLogs: "all" } }),
    'Expected `api.accessLogs` to be true or false, got "all".',
  ],
  [
    "functions of a network that are none",
    with_({ network: { subnetIds: [], securityGroupIds: [], functions: "api" } }),
    'Expected `network.functions` to be "relay" | "all", got "api".',
  ],
  [
    "half a network",
    with_({ network: { subnetIds: [] } }),
    'Expected `network` to be either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`, got "subnetIds".',
  ],
  [
    "two networks",
    with_({ network: { subnetIds: [], fixedEgress: true } }),
    'Expected `network` to be either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`, got "subnetIds, fixedEgress".',
  ],
  ...(
    [
      [
        { STREAM_INGESTION_BUCKET: "mine" },
        "STREAM_INGESTION_BUCKET",
        "names that start with STREAM_INGESTION_ are the component's. Choose another",
      ],
      [{ AWS_REGION: "eu-west-1" }, "AWS_REGION", "Lambda sets it. Choose another name"],
      [{ _HANDLER: "a" }, "_HANDLER", "Lambda sets it. Choose another name"],
      [{ "MY-NAME": "a" }, "MY-NAME", "a name is a letter and at least one more letter, digit or underscore"],
      [{ A: "a" }, "A", "a name is a letter and at least one more letter, digit or underscore"],
      [{ PORT: 80 }, "PORT", "its value must be a string, got number. Use String(…)"],
      [{ NOTHING: null }, "NOTHING", "its value must be a string, got null. Use String(…)"],
    ] as const
  ).map(
    ([environment, name, why]) =>
      [
        `the processor's variable ${name} = ${JSON.stringify(environment)}`,
        with_({ processor: { entry: ENTRY, environment } }),
        `Expected \`processor.environment\` to set names that are free, got "${name}": ${why}.`,
      ] as const,
  ),
  [
    "an environment that is a list",
    with_({ processor: { entry: ENTRY, environment: ["A=b"] } }),
    'Expected `processor.environment` to be names with values, got ["A=b"].',
  ],
  [
    "an environment over 4 KB",
    with_({ processor: { entry: ENTRY, environment: { SMALL: "a", LARGE: "ü".repeat(2042), MIDDLE: "bbb" } } }),
    "Expected the environment of the processor to have at most 4096 bytes in all, got 4123; the largest: LARGE (4086), " +
      "MIDDLE (5), SMALL (3). Read large values from Secrets Manager, SSM or a file.",
  ],
];

async function refusal(name: string, args: unknown): Promise<unknown> {
  let error: unknown;
  await evaluate(() => {
    try {
      new StreamIngestion(name, args as StreamIngestionArgs);
    } catch (thrown) {
      error = thrown;
    }
  });
  return error;
}

describe("the arguments", () => {
  for (const [what, args, message] of REFUSED)
    it(`refuse ${what}`, async () => {
      const error = await refusal("in", args);
      assert.ok(error instanceof pulumi.ResourceError, String(error));
      assert.equal(error.message, message);
    });

  it("refuse an instance name that leaves AWS's names no room", async () => {
    for (const name of ["a".repeat(33), "1st", "a_b"]) {
      const error = (await refusal(name, someArgs())) as Error;
      assert.equal(
        error?.message,
        `Expected the instance name to be 1..32 letters, digits and hyphens, a letter first, got "${name}".`,
      );
    }
    assert.equal(await refusal("a".repeat(32), someArgs()), undefined);
  });

  it("refuse settings that fill the relay's environment", async () => {
    const on = Array.from({ length: 100 }, (_, n) => ({ type: `heartbeat-of-service-${n}`, action: "ignore" }));
    assert.match(
      String(await refusal("in", with_({ source: { ...source, on } }))),
      /the environment of the connection manager to have at most 4096 bytes in all, got [56]\d{3}; the largest: STREAM_INGESTION_SETTINGS \([56]\d{3}\)\. Shorten `source`, for example `source\.on`\./,
    );
  });

  it("refuse what is wrong with an environment when it becomes known, and keep its values to themselves", async () => {
    const deploy = (environment: pulumi.Input<Record<string, pulumi.Input<string>>>) =>
      evaluate(() => void new StreamIngestion("in", someArgs({ processor: { entry: ENTRY, environment } })));
    await assert.rejects(deploy(pulumi.output({ AWS_REGION: "eu-west-1" })), /got "AWS_REGION": Lambda sets it/);
    const large = { LARGE: pulumi.output("secret ".repeat(600)) };
    await assert.rejects(deploy(large), ({ message }: Error) => {
      assert.match(message, /the environment of the function in-event-processor .*the largest: LARGE \(4202\)/);
      return !message.includes("secret secret");
    });
  });

  it("never repeat the upstream's URL or path in a message", async () => {
    const error = (await refusal("in", with_({ source: { url: "ftp://hidden.example", path: "/" } }))) as Error;
    assert.ok(!error.message.includes("hidden"));
  });
});
