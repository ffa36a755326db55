import * as pulumi from "@pulumi/pulumi";
import type { StreamIngestionArgs } from "../../components";
import { ALARMS } from "../../components/alarm-list";
import { ENTRY, requiredArgs } from "./arguments";

export const source = { url: "https://upstream.example", path: "/" };
export const argsWith = (changes: object) => requiredArgs(changes as Partial<StreamIngestionArgs>);

/** Of the year 2020. */
export const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBCzCBsgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdleHBpcmVkMB4XDTIw
MDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHZXhwaXJlZDBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABGnACEdN2P45nRYTEABQk0aSAhj4LH9v
uSP9ZVKJeQtjg/5Pw+k3QbN2oPFdx+Gx+ct3tCAwAaCnVoK+j4toLfYwCgYIKoZI
zj0EAwIDSAAwRQIhAJlhK0px5KLq/DUJZNa/ZCoIBbxzYLgtS4mN2GDbrvlVAiBu
Iw+ALa3HHvvfBpdSt7fSAswjws+bbWujU1nAoQWvGg==
-----END CERTIFICATE-----`;

/** Invalid arguments, and the message for each. */
export const REFUSED: readonly (readonly [name: string, args: unknown, message: string | RegExp])[] = [
  ["no arguments", undefined, "Expected `source` to be an object with `url` and `path`, got undefined."],
  [
    "no path",
    { source: { url: "https://a.example" }, processor: { entry: ENTRY } },
    'Expected `source.path` to be a path on the upstream, such as "/", got undefined.',
  ],
  [
    "an existing secret with a token URL",
    argsWith({
      source: {
        secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine",
        auth: { kind: "oauth2" },
        oauth2: { tokenUrl: "https://login.example" },
      },
    }),
    "Expected `source.secretArn` without the arguments that its secret contains, got it with oauth2.tokenUrl.",
  ],
  [
    "a URL without protocol",
    argsWith({ source: { ...source, url: "a.example" } }),
    "Expected `source.url` to be an http, https, ws or wss URL without a query, got a value that is not shown because it is a secret.",
  ],
  [
    "a path without slash",
    argsWith({ source: { ...source, path: "v1" } }),
    'Expected `source.path` to start with "/", got a value that is not shown because it is a secret.',
  ],
  [
    "an unknown format",
    argsWith({ source: { ...source, format: "xml" } }),
    'Expected `source.format` to be "auto" | "sse" | "lines" | "json" | "json-seq", got "xml".',
  ],
  [
    "a text instead of whether repeats are counted",
    argsWith({ events: { countRepeats: "no" } }),
    'Expected `events.countRepeats` to be true or false, got "no".',
  ],
  [
    "an unknown alarm",
    argsWith({ alarms: { streamDown: {} } }),
    `Expected \`alarms\` to have only the keys topicArn, ${Object.keys(ALARMS).join(", ")}, got "streamDown". Example: { topicArn, eventsRefused: { threshold: 100 } }.`,
  ],
  [
    "a topic's name instead of its ARN",
    argsWith({ alarms: { topicArn: "alarms" } }),
    'Expected `alarms.topicArn` to be the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:123456789012:alarms, got "alarms".',
  ],
  [
    "a function's name instead of its ARN",
    argsWith({ processor: { functionArn: "handle-prices" } }),
    'Expected `processor.functionArn` to be the ARN of a function, such as arn:aws:lambda:eu-west-1:123456789012:function:handle-prices, got "handle-prices".',
  ],
  [
    "an alarm that is a boolean",
    argsWith({ alarms: { hopRate: false } }),
    "Expected `alarms.hopRate` to be an object such as { enabled: true, threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }, got false.",
  ],
  [
    "an alarm that is enabled with a text",
    argsWith({ alarms: { hopRate: { enabled: "no" } } }),
    'Expected `alarms.hopRate.enabled` to be true or false, got "no".',
  ],
  [
    "a negative threshold of an alarm",
    argsWith({ alarms: { hopRate: { threshold: -1 } } }),
    "Expected `alarms.hopRate.threshold` to be a number of at least 0, got -1.",
  ],
  [
    "a period of an alarm that is not whole minutes",
    argsWith({ alarms: { hopRate: { periodSeconds: 90 } } }),
    "Expected `alarms.hopRate.periodSeconds` to be a multiple of 60 up to 86400, got 90.",
  ],
  [
    "periods of an alarm that exceed a day",
    argsWith({ alarms: { hopRate: { periodSeconds: 3600, evaluationPeriods: 25 } } }),
    "Expected `alarms.hopRate.evaluationPeriods` to be 1..24, got 25.",
  ],
  [
    "a limit of no connections",
    argsWith({ source: { ...source, maxConnections: 0 } }),
    "Expected `source.maxConnections` to be 1..10000, got 0.",
  ],
  [
    "more streams than connections",
    argsWith({ source: { ...source, path: "/{streamId}", maxConnections: 1 }, streams: ["EUR", "USD"] }),
    "Expected `streams` to have at most `source.maxConnections` (1) stream ids, got 2.",
  ],
  [
    "an idle timeout longer than a hop",
    argsWith({ source: { ...source, idleTimeoutSeconds: 900 } }),
    "Expected `source.idleTimeoutSeconds` to be 1..840, got 900.",
  ],
  [
    "an unknown kind of auth",
    argsWith({ source: { ...source, auth: { kind: "digest" } } }),
    'Expected `source.auth.kind` to be "bearer" | "header" | "query" | "basic" | "oauth2" | "aws-sigv4" | "none", got "digest".',
  ],
  [
    "an auth that is a string",
    argsWith({ source: { ...source, auth: "none" } }),
    'Expected `source.auth` to be an object such as { kind: "header", name: "X-Api-Key" }, got "none".',
  ],
  [
    "an unknown key of the source",
    argsWith({ source: { ...source, timeout: 5 } }),
    'Expected `source` to have only the keys url, path, secretArn, key, format, auth, headers, query, method, body, oauth2, tls, proxy, http2, compression, allowInsecureHttp, resume, idleTimeoutSeconds, on, end, webSocket, maxConnections, got "timeout". Example: { url: "https://stream.example.com", path: "/v1/{streamId}", key }.',
  ],
  [
    "basic without a key",
    argsWith({ source: { ...source, auth: { kind: "basic" } } }),
    'Expected `source.key` to be `user:password` with `source.auth.kind` "basic", got undefined.',
  ],
  [
    "oauth2 without its arguments",
    argsWith({ source: { ...source, key: "k", auth: { kind: "oauth2" } } }),
    'Expected `source.oauth2` with `source.auth.kind` "oauth2", and only with it, got no `source.oauth2`.',
  ],
  [
    "oauth2 arguments without the kind",
    argsWith({ source: { ...source, oauth2: { tokenUrl: "https://a.example", clientId: "c" } } }),
    'Expected `source.oauth2` with `source.auth.kind` "oauth2", and only with it, got `source.oauth2` with "bearer".',
  ],
  [
    "a signature without service",
    argsWith({ source: { ...source, auth: { kind: "aws-sigv4" } } }),
    "Expected `source.auth.service` to be a non-empty string, got undefined.",
  ],
  [
    "a client certificate without key",
    argsWith({ source: { ...source, tls: { cert: "x" } } }),
    "Expected `source.tls` to have both `cert` and `key`, or neither, got only `cert`.",
  ],
  [
    "a POST without end",
    argsWith({ source: { ...source, method: "POST" } }),
    'Expected `source.end` to be "reconnect" (send the request again) or "complete" (the stream ends) with method POST, got undefined.',
  ],
  [
    "a body with GET",
    argsWith({ source: { ...source, body: "x" } }),
    'Expected `source.method` to be "POST" or "PUT" with `source.body`, got undefined.',
  ],
  [
    "a template without position",
    argsWith({ source: { ...source, resume: { kind: "query", name: "since", template: "[]" } } }),
    'Expected `source.resume.template` to be a string with {position}, got "[]".',
  ],
  [
    "a position in the body without a body",
    argsWith({ source: { ...source, resume: { kind: "body" } } }),
    'Expected {position} in `source.body`, `source.query` or `source.headers` with `source.resume.kind` "body", and only with it, got no {position}.',
  ],
  [
    "a compression that is a string",
    argsWith({ source: { ...source, compression: "gzip" } }),
    'Expected `source.compression` to be true or false, got "gzip".',
  ],
  [
    "HTTP/2 over a proxy",
    argsWith({ source: { ...source, http2: true, proxy: "http://proxy.example" } }),
    "Expected `source.http2` to be false with `source.proxy`, got true.",
  ],
  [
    "an identity that is a string",
    argsWith({ events: { identity: "sse-id" } }),
    'Expected `events.identity` to be an object such as { kind: "pointer", pointer: "/id" }, got "sse-id".',
  ],
  [
    "a WebSocket over HTTP/2",
    argsWith({ source: { ...source, url: "wss://upstream.example", http2: true } }),
    'Expected `source.url` to be an http or https URL with `source.http2`, got "a WebSocket".',
  ],
  [
    "a key over http",
    argsWith({ source: { ...source, url: "http://upstream.example", key: "hidden" } }),
    "Expected `source.url` to be an https or wss URL because each request carries a credential, got an http URL. Set `source.allowInsecureHttp: true` to send the credential unencrypted.",
  ],
  [
    "a key and a user in the URL",
    argsWith({ source: { ...source, url: "https://ann:pass@upstream.example", key: "hidden" } }),
    "Expected either `source.key` or a user and password in `source.url`, got both.",
  ],
  [
    "two streams with the same request",
    argsWith({ source, streams: ["a", "b"] }),
    "Expected `source` to have {streamId} in `url`, `path`, `query`, `headers`, `body` or `webSocket.messages`, because `streams` has more than one stream, got none, which would send the same request for every stream.",
  ],
  [
    "an auth header without name",
    argsWith({ source: { ...source, auth: { kind: "header" } } }),
    "Expected `source.auth.name` to be a non-empty string, got undefined.",
  ],
  [
    "an unknown kind of resume",
    argsWith({ source: { ...source, resume: { kind: "cookie" } } }),
    'Expected `source.resume.kind` to be "last-event-id" | "query" | "header" | "body" | "message" | "none", got "cookie".',
  ],
  [
    "a resume without name",
    argsWith({ source: { ...source, resume: { kind: "query", pointer: "/a" } } }),
    "Expected `source.resume.name` to be a non-empty string, got undefined.",
  ],
  [
    "no processor",
    { source },
    "Expected `processor` to have one of `entry` (a file), `code` (an archive) and `functionArn` (an existing function), got none of them.",
  ],
  [
    "two processors",
    argsWith({ processor: { entry: ENTRY, functionArn: "arn" } }),
    "Expected `processor` to have one of `entry` (a file), `code` (an archive) and `functionArn` (an existing function), got `entry` and `functionArn`.",
  ],
  [
    "a role with a file",
    argsWith({ processor: { entry: ENTRY, roleName: "r" } }),
    "Expected `processor.roleName` only together with `processor.functionArn`, got `roleName` with `entry`.",
  ],
  [
    "a handler with a file",
    argsWith({ processor: { entry: ENTRY, handler: "a.b" } }),
    "Expected `processor.handler` only together with `processor.code`, got `handler` with `entry`.",
  ],
  [
    "packages with an existing function",
    argsWith({ processor: { functionArn: "arn", install: ["sharp"] } }),
    "Expected `processor.install` only together with `processor.entry`, got `install` with `functionArn`.",
  ],
  [
    "an environment for an existing function",
    argsWith({ processor: { functionArn: "arn", environment: { MINE: "a" } } }),
    "Expected `processor.environment` only together with `processor.entry` or `processor.code`, got `environment` with `functionArn`.",
  ],
  [
    "a runtime that does not run the file",
    argsWith({ processor: { entry: ENTRY, runtime: "python3.14" } }),
    `Expected \`processor.runtime\` to be nodejs22.x | nodejs24.x for ${ENTRY}, got "python3.14".`,
  ],
  [
    "a Python runtime without zstd",
    argsWith({ processor: { entry: "processor.py", runtime: "python3.9" } }),
    'Expected `processor.runtime` to be python3.11 | python3.12 | python3.13 | python3.14 for processor.py, got "python3.9".',
  ],
  [
    "bundle options for Python",
    argsWith({ processor: { entry: "processor.py", bundle: {} } }),
    'Expected `processor.bundle` only with a JavaScript or TypeScript entry, got `bundle` with "processor.py".',
  ],
  [
    "an unknown architecture",
    argsWith({ processor: { entry: ENTRY, architecture: "x64" } }),
    'Expected `processor.architecture` to be "arm64" | "x86_64", got "x64".',
  ],
  [
    "an unknown module format",
    argsWith({ processor: { entry: ENTRY, bundle: { format: "umd" } } }),
    'Expected `processor.bundle.format` to be "cjs" | "esm", got "umd".',
  ],
  [
    "an unknown loader",
    argsWith({ processor: { entry: ENTRY, bundle: { loader: { ".sql": "sql" } } } }),
    'Expected `processor.bundle.loader[".sql"]` to be base64 | binary | copy | css | dataurl | default | empty | file | js | json | ' +
      'jsx | local-css | text | ts | tsx, got "sql".',
  ],
  [
    "a package that is not a string",
    argsWith({ processor: { entry: ENTRY, install: [1] } }),
    "Expected `processor.install` to be a list of non-empty strings, got [1].",
  ],
  [
    "a copy that leaves the function's folder",
    argsWith({ processor: { entry: ENTRY, copy: [{ from: "a", to: "../a" }] } }),
    'Expected `processor.copy[0].to` to be a path inside the function\'s folder, got "../a".',
  ],
  [
    "too little memory",
    argsWith({ processor: { entry: ENTRY, memorySize: 64 } }),
    "Expected `processor.memorySize` to be 128..10240, got 64.",
  ],
  [
    "too long a timeout",
    argsWith({ processor: { entry: ENTRY, timeoutSeconds: 901 } }),
    "Expected `processor.timeoutSeconds` to be 1..900, got 901.",
  ],
  [
    "more than 10 parallel batches",
    argsWith({ processor: { entry: ENTRY, parallelizationFactor: 11 } }),
    "Expected `processor.parallelizationFactor` to be 1..10, got 11.",
  ],
  [
    "a batching window over 300 seconds",
    argsWith({ processor: { entry: ENTRY, maximumBatchingWindowSeconds: 301 } }),
    "Expected `processor.maximumBatchingWindowSeconds` to be 0..300, got 301.",
  ],
  [
    "an empty batch",
    argsWith({ processor: { entry: ENTRY, batchSize: 0 } }),
    "Expected `processor.batchSize` to be 1..10000, got 0.",
  ],
  [
    "a fractional batch size",
    argsWith({ processor: { entry: ENTRY, batchSize: 0.5 } }),
    "Expected `processor.batchSize` to be 1..10000, got 0.5.",
  ],
  [
    "an unknown handover mode",
    argsWith({ relay: { handover: "swap" } }),
    'Expected `relay.handover` to be "auto" | "overlap" | "break", got "swap".',
  ],
  [
    "too much memory for the relay",
    argsWith({ relay: { memorySize: 10_241 } }),
    "Expected `relay.memorySize` to be 128..10240, got 10241.",
  ],
  [
    "too little memory for the events",
    argsWith({ events: { maxEventBytes: 41_943_040 } }),
    "Expected `relay.memorySize` to be at least 297, which `events.maxEventBytes` 41943040 and `relay.streamsPerHop` 1 need, got 256.",
  ],
  [
    "too many streams a hop",
    argsWith({ relay: { streamsPerHop: 101 } }),
    "Expected `relay.streamsPerHop` to be 1..100, got 101.",
  ],
  [
    "too little concurrency for handovers",
    argsWith({ relay: { reservedConcurrency: 2 } }),
    "Expected `relay.reservedConcurrency` to be at least 3 (twice the concurrent hops plus one), or 0 to stop every stream, got 2.",
  ],
  [
    "too little concurrency for the declared streams",
    argsWith({
      streams: Array.from({ length: 21 }, (_, i) => `s${i}`),
      relay: { reservedConcurrency: 6, streamsPerHop: 10 },
    }),
    "Expected `relay.reservedConcurrency` to be at least 7 for 21 streams with 10 per hop (twice the concurrent hops plus one), or 0 to stop every stream, got 6.",
  ],
  [
    "an unknown kind of identity",
    argsWith({ events: { identity: { kind: "hash" } } }),
    'Expected `events.identity.kind` to be "content" | "sse-id" | "pointer" | "arrival", got "hash".',
  ],
  [
    "an identity without pointer",
    argsWith({ events: { identity: { kind: "pointer" } } }),
    'Expected `events.identity.pointer` to be a JSON pointer such as "/id", got undefined.',
  ],
  [
    "a pointer with a bad escape",
    argsWith({ events: { identity: { kind: "pointer", pointer: "/a~2" } } }),
    'Expected `events.identity.pointer` to be a JSON pointer such as "/id", got "/a~2".',
  ],
  [
    "rules that are not a list",
    argsWith({ source: { ...source, on: { type: "ping", action: "ignore" } } }),
    'Expected `source.on` to be a list of rules such as { pointer: "/type", equals: "HEARTBEAT", action: "ignore" }, got {"type":"ping","action":"ignore"}.',
  ],
  [
    "a rule that is a string",
    argsWith({ source: { ...source, on: ["ping"] } }),
    'Expected `source.on[0]` to be an object such as { pointer: "/type", equals: "HEARTBEAT", action: "ignore" }, got "ping".',
  ],
  [
    "a rule with an unknown key",
    argsWith({ source: { ...source, on: [{ pointer: "/a", equal: 1, action: "ignore" }] } }),
    'Expected `source.on[0]` to have only the keys type, text, pointer, equals, action, got "equal". Example: { pointer: "/type", equals: "HEARTBEAT", action: "ignore" }.',
  ],
  [
    "a rule without a condition",
    argsWith({ source: { ...source, on: [{ action: "fail" }] } }),
    "Expected `source.on[0]` to have `type`, `text` or `pointer`, got none of them, which would match every event.",
  ],
  [
    "a rule without an action",
    argsWith({ source: { ...source, on: [{ type: "ping" }] } }),
    'Expected `source.on[0].action` to be "ignore" | "lose-position" | "reconnect" | "refresh-credential" | "complete" | "fail", got undefined.',
  ],
  [
    "a value without its pointer",
    argsWith({ source: { ...source, on: [{ type: "ping", equals: 1, action: "ignore" }] } }),
    "Expected `source.on[0].equals` only together with `pointer`, got `equals` without `pointer`.",
  ],
  [
    "a value that is an object",
    argsWith({ source: { ...source, on: [{ pointer: "/a", equals: {}, action: "ignore" }] } }),
    "Expected `source.on[0].equals` to be a string, number, boolean or null, got {}.",
  ],
  [
    "a text that is not a string",
    argsWith({ source: { ...source, on: [{ text: 7, action: "ignore" }] } }),
    "Expected `source.on[0].text` to be a string, got 7.",
  ],
  [
    "WebSocket settings for an HTTP source",
    argsWith({ source: { ...source, webSocket: { compression: true } } }),
    "Expected `source.webSocket` only with a `source.url` that starts with wss: or ws:, got it with another URL.",
  ],
  [
    "a format for a WebSocket",
    argsWith({ source: { ...source, url: "wss://a.example", format: "lines" } }),
    'Expected `source.format` to be "auto" for a WebSocket, where each message is an event, got "lines".',
  ],
  [
    "WebSocket settings with an unknown key",
    argsWith({ source: { ...source, url: "wss://a.example", webSocket: { subscribe: "a" } } }),
    'Expected `source.webSocket` to have only the keys subprotocols, messages, pingIntervalSeconds, pingMessage, compression, got "subscribe". Example: { messages: [\'{"op":"subscribe","channel":"{streamId}"}\'] }.',
  ],
  [
    "a message that is not in a list",
    argsWith({ source: { ...source, url: "wss://a.example", webSocket: { messages: "subscribe" } } }),
    "Expected `source.webSocket.messages` to be a list of strings, got a value that is not shown because it is a secret.",
  ],
  [
    "a key that is not a string",
    argsWith({ source: { ...source, key: 5 } }),
    "Expected `source.key` to be a string, got a value that is not shown because it is a secret.",
  ],
  [
    "headers as a text",
    argsWith({ source: { ...source, headers: "X-A: 1" } }),
    "Expected `source.headers` to be an object of strings, got a value that is not shown because it is a secret.",
  ],
  [
    "a header name with a space",
    argsWith({ source: { ...source, headers: { "X A": "1" } } }),
    'Expected `source.headers["X A"]` to have the name of a header other than host, connection, content-length, transfer-encoding, upgrade, got "X A".',
  ],
  [
    "a header that controls the connection",
    argsWith({ source: { ...source, headers: { Host: "a.example" } } }),
    'Expected `source.headers["Host"]` to have the name of a header other than host, connection, content-length, transfer-encoding, upgrade, got "Host".',
  ],
  [
    "a header value with a line break",
    argsWith({ source: { ...source, headers: { "X-A": "1\nX-B: 2" } } }),
    'Expected `source.headers["X-A"]` to be a string without control characters, got a value that is not shown because it is a secret.',
  ],
  [
    "a query as a list",
    argsWith({ source: { ...source, query: ["a"] } }),
    "Expected `source.query` to be an object of strings, got a value that is not shown because it is a secret.",
  ],
  [
    "a body as an object",
    argsWith({ source: { ...source, method: "POST", end: "complete", body: { a: 1 } } }),
    "Expected `source.body` to be a string: use JSON.stringify for JSON, got a value that is not shown because it is a secret.",
  ],
  [
    "a message that is not a string",
    argsWith({ source: { ...source, url: "wss://a.example", webSocket: { messages: [{ op: "subscribe" }] } } }),
    "Expected `source.webSocket.messages` to be a list of strings, got a value that is not shown because it is a secret.",
  ],
  [
    "a token URL without TLS",
    argsWith({
      source: {
        ...source,
        ...{ key: "k", auth: { kind: "oauth2" }, oauth2: { tokenUrl: "http://login.example/token", clientId: "a" } },
      },
    }),
    "Expected `source.oauth2.tokenUrl` to be an https URL, got a value that is not shown because it is a secret.",
  ],
  [
    "a client id that is not a string",
    argsWith({
      source: {
        ...source,
        ...{ key: "k", auth: { kind: "oauth2" }, oauth2: { tokenUrl: "https://login.example/token", clientId: 5 } },
      },
    }),
    "Expected `source.oauth2.clientId` to be a string, got a value that is not shown because it is a secret.",
  ],
  [
    "a proxy of another protocol",
    argsWith({ source: { ...source, proxy: "socks5://proxy.example:1080" } }),
    "Expected `source.proxy` to be an http or https URL, got a value that is not shown because it is a secret.",
  ],
  [
    "an authority that is not PEM",
    argsWith({ source: { ...source, tls: { ca: 5 } } }),
    "Expected `source.tls` to have the strings `ca`, `cert` and `key`, got a value that is not shown because it is a secret.",
  ],
  [
    "a user that is not percent-encoded",
    argsWith({ source: { ...source, url: "https://100%25%zz:b@a.example" } }),
    "Expected `source.url` to have a percent-encoded user and password, got a value that is not shown because it is a secret.",
  ],
  [
    "a credential in a header that controls the connection",
    argsWith({ source: { ...source, auth: { kind: "header", name: "Connection" } } }),
    'Expected `source.auth.name` to have the name of a header other than host, connection, content-length, transfer-encoding, upgrade, got "Connection".',
  ],
  [
    "a region that is not a string",
    argsWith({ source: { ...source, auth: { kind: "aws-sigv4", service: "es", region: 5 } } }),
    "Expected `source.auth.region` to be a non-empty string, got 5.",
  ],
  [
    "a position in a header without a name",
    argsWith({ source: { ...source, resume: { kind: "header", name: "X A" } } }),
    'Expected `source.resume.name` to have the name of a header other than host, connection, content-length, transfer-encoding, upgrade, got "X A".',
  ],
  [
    "a template that is not a string",
    argsWith({ source: { ...source, resume: { kind: "query", name: "a", template: 5 } } }),
    "Expected `source.resume.template` to be a string with {position}, got 5.",
  ],
  [
    "a position in the query that nothing replaces",
    argsWith({ source: { ...source, query: { since: "{position}" } } }),
    'Expected {position} in `source.body`, `source.query` or `source.headers` with `source.resume.kind` "body", and only with it, got it with another kind.',
  ],
  [
    "a position in messages without {position}",
    argsWith({
      source: {
        ...source,
        ...{ url: "wss://a.example", webSocket: { messages: ["a"] }, resume: { kind: "message", pointer: "/id" } },
      },
    }),
    'Expected a message with {position} in `source.webSocket.messages` with `source.resume.kind` "message", got none.',
  ],
  [
    "a number that JSON does not have",
    argsWith({ source: { ...source, on: [{ pointer: "/a", equals: Number.NaN, action: "ignore" }] } }),
    "Expected `source.on[0].equals` to be a string, number, boolean or null, got NaN.",
  ],
  [
    "a subprotocol with a space",
    argsWith({ source: { ...source, url: "wss://a.example", webSocket: { subprotocols: ["a b"] } } }),
    'Expected `source.webSocket.subprotocols` to be a list of distinct names such as ["v1.json"], got ["a b"].',
  ],
  [
    "an empty ping message",
    argsWith({ source: { ...source, url: "wss://a.example", webSocket: { pingMessage: "" } } }),
    'Expected `source.webSocket.pingMessage` to be a non-empty string, got "".',
  ],
  [
    "a ping longer than a hop",
    argsWith({ source: { ...source, url: "wss://a.example", webSocket: { pingIntervalSeconds: 900 } } }),
    "Expected `source.webSocket.pingIntervalSeconds` to be 0..840, got 900.",
  ],
  [
    "an end that has no meaning",
    argsWith({ source: { ...source, end: "stop" } }),
    'Expected `source.end` to be "reconnect" | "complete", got "stop".',
  ],
  ["no days", argsWith({ events: { ttlDays: 0 } }), "Expected `events.ttlDays` to be 1..3650, got 0."],
  [
    "tiny events",
    argsWith({ events: { maxEventBytes: 10 } }),
    "Expected `events.maxEventBytes` to be 1024..104857600, got 10.",
  ],
  [
    "an unknown storage",
    argsWith({ events: { storage: "all" } }),
    'Expected `events.storage` to be "each" | "packed", got "all".',
  ],
  [
    "packs in slices",
    argsWith({ events: { storage: "packed", slices: 4 } }),
    'Expected `events.slices` with `storage: "packed"` to be 1, got 4.',
  ],
  [
    "tiny packs",
    argsWith({ events: { storage: "packed", packBytes: 10 } }),
    "Expected `events.packBytes` to be 1024..262144, got 10.",
  ],
  [
    "no linger",
    argsWith({ events: { storage: "packed", lingerMs: 0 } }),
    "Expected `events.lingerMs` to be 10..5000, got 0.",
  ],
  [
    "a sequence that is not a JSON pointer",
    argsWith({ events: { sequence: "seq" } }),
    'Expected `events.sequence` to be a JSON pointer such as "/id", got "seq".',
  ],
  [
    "an unknown billing mode",
    argsWith({ events: { billing: { mode: "free" } } }),
    'Expected `events.billing.mode` to be "on-demand" | "provisioned", got "free".',
  ],
  [
    "limits on demand",
    argsWith({ events: { billing: { minWriteUnits: 5, utilization: 50 } } }),
    'Expected `events.billing` without limits for `mode: "on-demand"`, got `minWriteUnits`, `utilization`.',
  ],
  [
    "a maximum below the minimum",
    argsWith({ events: { billing: { mode: "provisioned", minWriteUnits: 500, maxWriteUnits: 100 } } }),
    "Expected `events.billing.maxWriteUnits` to be 500..1000000, got 100.",
  ],
  [
    "an unknown limit",
    argsWith({ events: { billing: { mode: "provisioned", writeUnits: 5 } } }),
    'Expected `events.billing` to have only the keys mode, minWriteUnits, maxWriteUnits, minReadUnits, maxReadUnits, utilization, got "writeUnits". Example: { mode: "provisioned", minWriteUnits: 100, maxWriteUnits: 4000 }.',
  ],
  [
    "full utilization",
    argsWith({ events: { billing: { mode: "provisioned", utilization: 100 } } }),
    "Expected `events.billing.utilization` to be 20..90, got 100.",
  ],
  [
    "a cold table",
    argsWith({ events: { warmThroughput: 100 } }),
    "Expected `events.warmThroughput` to be 4000..1000000, got 100.",
  ],
  [
    "the capacity of an existing table",
    argsWith({ events: { table: "old", warmThroughput: 8000, billing: { mode: "on-demand" } } }),
    "Expected `events.table` without the capacity of a new table: set it where that table is defined, got it with events.billing, events.warmThroughput.",
  ],
  ["65 slices", argsWith({ events: { slices: 65 } }), "Expected `events.slices` to be 1..64, got 65."],
  [
    "an unknown authorization",
    argsWith({ api: { authorization: "none" } }),
    'Expected `api.authorization` to be "iam" | "iam-and-api-key", got "none".',
  ],
  [
    "an address without range",
    argsWith({ api: { allowedCidrs: ["203.0.113.7"] } }),
    'Expected `api.allowedCidrs[0]` to be a CIDR range such as 203.0.113.0/24, got "203.0.113.7".',
  ],
  ...[
    "999.1.1.1/99",
    "203.0.113.0/33",
    "203.0.113.0/08",
    "2001:db8::/129",
    "2001:db8:::/32",
    "fe80::1%eth0/64",
    "/0",
  ].map(
    (range) =>
      [
        `the malformed range ${range}`,
        argsWith({ api: { allowedCidrs: ["::/0", "0.0.0.0/0", range] } }),
        `Expected \`api.allowedCidrs[2]\` to be a CIDR range such as 203.0.113.0/24, got "${range}".`,
      ] as const,
  ),
  [
    "ranges that are not a list",
    argsWith({ api: { allowedCidrs: "203.0.113.0/24" } }),
    'Expected `api.allowedCidrs` to be a list of CIDR ranges such as 203.0.113.0/24, got "203.0.113.0/24".',
  ],
  [
    "51 tags",
    argsWith({ tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`tag-${n}`, ""])) }),
    "Expected `tags` to have at most 50 tags, got 51.",
  ],
  ["tags in a list", argsWith({ tags: ["team"] }), 'Expected `tags` to be an object of keys and values, got ["team"].'],
  ...["aws:team", "AWS:team"].map(
    (key) =>
      [
        `the reserved tag ${key}`,
        argsWith({ tags: { [key]: "data" } }),
        `Expected \`tags\` without keys that start with aws:, which AWS reserves, got "${key}".`,
      ] as const,
  ),
  ...["", "a".repeat(129), "a#b"].map(
    (key) =>
      [
        `the tag's key "${key.slice(0, 9)}"`,
        argsWith({ tags: { [key]: "data" } }),
        `Expected each key of \`tags\` to be 1..128 letters, digits, spaces and _ . : / = + - @, got "${key}".`,
      ] as const,
  ),
  ...["a".repeat(257), "a|b", 7, null].map(
    (value) =>
      [
        `the tag's value ${String(value).slice(0, 9)}`,
        argsWith({ tags: { team: value } }),
        `Expected \`tags["team"]\` to be at most 256 letters, digits, spaces and _ . : / = + - @, got ${JSON.stringify(value)}.`,
      ] as const,
  ),
  [
    "an id outside the alphabet",
    argsWith({ streams: ["a", "b/c"] }),
    'Expected `streams[1]` to be 1 to 128 characters from A-Z a-z 0-9 . _ : @ - (not "." or ".."), got "b/c".',
  ],
  ["no list", argsWith({ streams: "a" }), 'Expected `streams` to be a list of stream ids, got "a".'],
  [
    "a repeated id",
    argsWith({ streams: ["a", "a"] }),
    'Expected `streams` to contain each stream id once, got "a" more than once.',
  ],
  ["an unknown removal", argsWith({ removal: "keep" }), 'Expected `removal` to be "retain" | "delete", got "keep".'],
  [
    "an existing secret with a URL",
    argsWith({ source: { ...source, secretArn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine" } }),
    "Expected `source.secretArn` without the arguments that its secret contains, got it with url, path.",
  ],
  [
    "a secret's name",
    argsWith({ source: { secretArn: "my-secret" } }),
    'Expected `source.secretArn` to be the ARN of a secret, got "my-secret".',
  ],
  [
    "an alias of a key",
    argsWith({ account: { kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:alias/mine" } }),
    'Expected `account.kmsKeyArn` to be the ARN of a key, not of an alias, got "arn:aws:kms:eu-west-1:123456789012:alias/mine".',
  ],
  [
    "the name of a boundary",
    argsWith({ account: { permissionsBoundary: "developers" } }),
    'Expected `account.permissionsBoundary` to be the ARN of an IAM policy, got "developers".',
  ],
  [
    "a path without slashes",
    argsWith({ account: { rolePath: "teams" } }),
    'Expected `account.rolePath` to be a path such as /teams/data/, got "teams".',
  ],
  [
    "a retention that CloudWatch Logs has not",
    argsWith({ account: { logRetentionDays: 10 } }),
    "Expected `account.logRetentionDays` to be one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, got 10.",
  ],
  [
    "tracing in words",
    argsWith({ account: { tracing: "Active" } }),
    'Expected `account.tracing` to be true or false, got "Active".',
  ],
  [
    "an account's setting that is none",
    argsWith({ account: { kmsKeyId: "k" } }),
    'Expected `account` to have only the keys kmsKeyArn, permissionsBoundary, rolePath, logRetentionDays, tracing, deletionProtection, extraStatements, got "kmsKeyId". Example: { tracing: true }.',
  ],
  ...["relay", "events", "connections", "api", "network", "account"].map(
    (name) =>
      [
        `an unknown key of ${name}`,
        argsWith({ [name]: { constructor: 1 } }),
        new RegExp(`^Expected \`${name}\` to have only the keys .*, got "constructor"\\. Example: {`),
      ] as const,
  ),
  [
    "transforms between the arguments",
    argsWith({ transform: {} }),
    /^Expected `args` to have only the keys .*, got "transform"\./,
  ],
  [
    "a null argument",
    argsWith({ relay: null }),
    "Expected `relay` to be an object such as { memorySize: 256 }, got null.",
  ],
  [
    "esbuild's word for externals",
    argsWith({ processor: { entry: ENTRY, bundle: { external: ["x"] } } }),
    /^Expected `processor\.bundle` to have only the keys .*, got "external"\./,
  ],
  [
    "a network without subnets",
    argsWith({ network: { subnetIds: [], securityGroupIds: ["sg-1"] } }),
    "Expected `network.subnetIds` to be a list of at least one id, got [].",
  ],
  [
    "a private API without endpoints",
    argsWith({ api: { privateApi: { vpcEndpointIds: [] } } }),
    "Expected `api.privateApi.vpcEndpointIds` to be a list of at least one id, got [].",
  ],
  [
    "an empty list of ranges, which looks like nobody and means everybody",
    argsWith({ api: { allowedCidrs: [] } }),
    "Expected `api.allowedCidrs` to be omitted, which allows every address, or at least one range, got [].",
  ],
  [
    "an empty bucket name",
    argsWith({ bucket: "" }),
    'Expected `bucket` to be the name of a bucket, such as my-bucket, got "".',
  ],
  [
    "a bucket's ARN",
    argsWith({ bucket: "arn:aws:s3:::mine" }),
    'Expected `bucket` to be the name of a bucket, such as my-bucket, got "arn:aws:s3:::mine".',
  ],
  [
    "an empty table name",
    argsWith({ connections: { table: "" } }),
    'Expected `connections.table` to be the name of a table, such as my-table, got "".',
  ],
  [
    "a statement in IAM's words",
    argsWith({ account: { extraStatements: { watchdog: [{ Action: ["a:b"], Resource: ["*"] }] } } }),
    'Expected `account.extraStatements.watchdog[0]` to have only the keys actions, resources, got "Action". Example: { actions: ["sns:Publish"], resources: [topic.arn] }.',
  ],
  [
    "a statement without actions",
    argsWith({ processor: { entry: ENTRY, policyStatements: [{ actions: [], resources: ["*"] }] } }),
    "Expected `processor.policyStatements[0].actions` to be a list of at least one string, got [].",
  ],
  [
    "a path instead of an archive",
    argsWith({ processor: { code: "./build" } }),
    'Expected `processor.code` to be an archive such as new pulumi.asset.FileArchive("./build"), got "./build".',
  ],
  [
    "a package with a version",
    argsWith({ processor: { entry: ENTRY, install: ["@img/sharp@0.34.0"] } }),
    'Expected `processor.install` to be names of packages without a version, because the versions are those of the project\'s lockfile, got "@img/sharp@0.34.0".',
  ],
  [
    "a path instead of a list of copies",
    argsWith({ processor: { entry: ENTRY, copy: "./data" } }),
    'Expected `processor.copy` to be a list such as [{ from: "./data" }], got "./data".',
  ],
  [
    "a copy that is not an object",
    argsWith({ processor: { entry: ENTRY, copy: [null] } }),
    'Expected `processor.copy[0]` to be an object such as { from: "./data" }, got null.',
  ],
  [
    "a copy to the whole function",
    argsWith({ processor: { entry: ENTRY, copy: [{ from: "./data", to: "." }] } }),
    'Expected `processor.copy[0].to` to be a path inside the function\'s folder, got ".".',
  ],
  [
    "a loader for a name without a dot",
    argsWith({ processor: { entry: ENTRY, bundle: { loader: { sql: "text" } } } }),
    'Expected `processor.bundle.loader` to be endings such as ".sql" and their loaders, got "sql".',
  ],
  [
    "a log level that esbuild does not know",
    argsWith({ processor: { entry: ENTRY, bundle: { logOverride: { "empty-import-meta": "off" } } } }),
    'Expected `processor.bundle.logOverride["empty-import-meta"]` to be silent | error | warning | info | debug | verbose, got "off".',
  ],
  [
    "an Output where the value shapes the graph",
    argsWith({ deploymentName: pulumi.output("prices") }),
    "Expected `deploymentName` to be 1..255 letters, digits, hyphens and underscores, got an Output.",
  ],
  [
    "settings of a bucket that is not named",
    argsWith({ manageBucket: true }),
    "Expected `manageBucket` to be set only with `bucket`, got true.",
  ],
  [
    "a deployment name with a space",
    argsWith({ deploymentName: "my prices" }),
    'Expected `deploymentName` to be 1..255 letters, digits, hyphens and underscores, got "my prices".',
  ],
  [
    "an incomplete private API",
    argsWith({ api: { privateApi: { vpcId: "vpc-1" } } }),
    "Expected `api.privateApi` to have either `vpcEndpointIds`, or `vpcId` with `subnetIds` and `securityGroupIds`, got `vpcId`.",
  ],
  [
    "access logs in words",
    argsWith({ api: { accessLogs: "all" } }),
    'Expected `api.accessLogs` to be true or false, got "all".',
  ],
  [
    "functions of a network that are none",
    argsWith({ network: { subnetIds: [], securityGroupIds: [], functions: "api" } }),
    'Expected `network.functions` to be "relay" | "all", got "api".',
  ],
  [
    "subnets without security groups",
    argsWith({ network: { subnetIds: [] } }),
    "Expected `network` to have either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`, got `subnetIds`.",
  ],
  [
    "both kinds of network",
    argsWith({ network: { subnetIds: [], fixedEgress: true } }),
    "Expected `network` to have either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`, got `subnetIds`, `fixedEgress`.",
  ],
  ...(
    [
      [
        { STREAM_INGESTION_BUCKET: "mine" },
        "STREAM_INGESTION_BUCKET",
        "names that start with STREAM_INGESTION_ are reserved for the component. Choose another",
      ],
      [{ AWS_REGION: "eu-west-1" }, "AWS_REGION", "Lambda sets this variable. Choose another name"],
      [{ _HANDLER: "a" }, "_HANDLER", "Lambda sets this variable. Choose another name"],
      [{ "MY-NAME": "a" }, "MY-NAME", "a name needs a letter followed by at least one letter, digit or underscore"],
      [{ A: "a" }, "A", "a name needs a letter followed by at least one letter, digit or underscore"],
      [{ PORT: 80 }, "PORT", "its type must be string, not number. Convert it with String(…)"],
      [{ NOTHING: null }, "NOTHING", "its type must be string, not null. Convert it with String(…)"],
    ] as const
  ).map(
    ([environment, name, why]) =>
      [
        `the processor's variable ${name} = ${JSON.stringify(environment)}`,
        argsWith({ processor: { entry: ENTRY, environment } }),
        `Expected \`processor.environment\` to have only names and values that you can set, got "${name}": ${why}.`,
      ] as const,
  ),
  [
    "an environment that is a list",
    argsWith({ processor: { entry: ENTRY, environment: ["A=b"] } }),
    'Expected `processor.environment` to be an object of names and values, got ["A=b"].',
  ],
  [
    "an environment over 4 KB",
    argsWith({ processor: { entry: ENTRY, environment: { SMALL: "a", LARGE: "ü".repeat(2042), MIDDLE: "bbb" } } }),
    "Expected the environment of the processor (`processor.environment`) to have at most 4096 bytes in total, got 4123. The largest variables are LARGE (4086), " +
      "MIDDLE (5), SMALL (3). Read large values from Secrets Manager, SSM or a file.",
  ],
];
