import { asset } from "@pulumi/pulumi";
import type { StreamIngestionArgs } from "../../components";
import { requiredArgs } from "../components/arguments";

export interface ArgumentSet {
  /** Name of the instance. @default "prices" */
  readonly name?: string;
  /** @default "eu-west-1" */
  readonly region?: string;
  readonly args: StreamIngestionArgs;
}

const ACCOUNT = "123456789012";
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const SUBNETS = { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"] };
const statements = [{ actions: ["sqs:SendMessage"], resources: [`arn:aws:sqs:eu-west-1:${ACCOUNT}:orders`] }];
const source = { url: "https://stream.example.com", path: "/v1/{streamId}", key: "the-key" };

/** Arguments that create every child resource, with the values of every argument that reaches one. */
export const ARGUMENT_SETS: Readonly<Record<string, ArgumentSet>> = {
  "the required arguments": { args: requiredArgs() },
  "the longest names": {
    name: `a${"b".repeat(31)}`,
    args: requiredArgs({
      deploymentName: "d".repeat(255),
      api: { authorization: "iam-and-api-key", accessLogs: true },
    }),
  },
  "the smallest values": {
    name: "a",
    args: requiredArgs({
      source: { url: "http://stream.example.com", path: "/", idleTimeoutSeconds: 1 },
      processor: { ...requiredArgs().processor, memorySize: 128, timeoutSeconds: 1, batchSize: 1 },
      relay: { memorySize: 128, reservedConcurrency: 0 },
      events: { ttlDays: 1, maxEventBytes: 1024 },
      account: { logRetentionDays: 0 },
    }),
  },
  "the largest values": {
    args: requiredArgs({
      streams: Array.from({ length: 500 }, (_, n) => `stream-${n}-${"x".repeat(110)}`),
      processor: { ...requiredArgs().processor, memorySize: 10_240, timeoutSeconds: 900, batchSize: 10_000 },
      relay: { memorySize: 10_240, reservedConcurrency: 1_000, streamsPerHop: 100 },
      events: { ttlDays: 3_650, maxEventBytes: 104_857_600, slices: 16 },
      account: { logRetentionDays: 3_653, rolePath: `/${"p".repeat(510)}/` },
      tags: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}${"é".repeat(120)}`, "ü".repeat(256)])),
    }),
  },
  "a customer's key, boundary and tracing": {
    args: requiredArgs({
      account: {
        kmsKeyArn: KEY,
        permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/developers`,
        rolePath: "/teams/data/",
        tracing: true,
        deletionProtection: true,
        extraStatements: { connectionManager: statements, connectionApi: statements, watchdog: statements },
      },
      tags: { team: "data", "cost:center": "a/b=c+d-e@f" },
      alarms: { topicArn: `arn:aws:sns:eu-west-1:${ACCOUNT}:alarms` },
      removal: "delete",
    }),
  },
  "an API key, ranges and access logs": {
    args: requiredArgs({
      api: {
        authorization: "iam-and-api-key",
        allowedCidrs: ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"],
        accessLogs: true,
      },
      tags: { team: "data" },
    }),
  },
  "a private API with a new endpoint, in a VPC": {
    args: requiredArgs({
      api: { privateApi: { vpcId: "vpc-0123456789abcdef0", ...SUBNETS }, allowedCidrs: ["10.0.0.0/8"] },
      network: { ...SUBNETS, functions: "all" },
      tags: { team: "data" },
    }),
  },
  "a private API with an existing endpoint": {
    args: requiredArgs({ api: { privateApi: { vpcEndpointIds: ["vpce-0123456789abcdef0"] } } }),
  },
  "a fixed address": { args: requiredArgs({ network: { fixedEgress: true }, tags: { team: "data" } }) },
  "existing tables, bucket, secret and function": {
    args: {
      source: { secretArn: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:upstream-AbCdEf` },
      processor: {
        functionArn: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:handle-prices`,
        roleName: "handle-prices-role",
        policyStatements: statements,
      },
      events: { table: "old-events" },
      connections: { table: "old-connections" },
      bucket: "old-bucket",
    },
  },
  "ready code in another language, on x86_64": {
    args: {
      source: { ...source, url: "wss://stream.example.com" },
      processor: {
        code: new asset.AssetArchive({ "app.py": new asset.StringAsset("def handler(event, context): ...") }),
        handler: "app.handler",
        runtime: "python3.14",
        architecture: "x86_64",
        environment: { TABLE_NAME: "prices", a1_: "" },
        policyStatements: statements,
      },
    },
  },
  "provisioned capacity": {
    args: requiredArgs({
      events: {
        billing: { mode: "provisioned", minWriteUnits: 1, maxWriteUnits: 1_000_000, utilization: 90 },
        warmThroughput: 1_000_000,
        slices: 64,
      },
      tags: { team: "data" },
    }),
  },
  "a region in China": { region: "cn-north-1", args: requiredArgs({ tags: { team: "data" } }) },
  "GovCloud, without recursion": {
    region: "us-gov-west-1",
    args: requiredArgs({ relay: { recursion: "none", handover: "break" } }),
  },
  "every setting of the source": {
    args: {
      source: {
        ...source,
        auth: { kind: "header", name: "X-Api-Key" },
        headers: { Accept: "text/event-stream" },
        query: { from: "now" },
        method: "POST",
        end: "complete",
        body: '{"after":"{position}"}',
        resume: { kind: "body", pointer: "/id" },
        compression: true,
        on: [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }],
      },
      processor: requiredArgs().processor,
    },
  },
  "packed events": {
    args: requiredArgs({
      events: { storage: "packed", packBytes: 262_144, lingerMs: 5_000, sequence: "/seq" },
      tags: { team: "data" },
    }),
  },
  "an OAuth 2 source with a limit of connections": {
    args: requiredArgs({
      source: {
        ...source,
        auth: { kind: "oauth2" },
        oauth2: { tokenUrl: "https://login.example.com/token", clientId: "prices" },
        maxConnections: 3,
      },
    }),
  },
  "a signed source": {
    args: requiredArgs({ source: { ...source, key: undefined, auth: { kind: "aws-sigv4", service: "execute-api" } } }),
  },
  "a WebSocket with every setting": {
    args: requiredArgs({
      source: {
        ...source,
        url: "wss://stream.example.com",
        proxy: "http://proxy.example.com:3128",
        webSocket: {
          subprotocols: ["v1.prices"],
          messages: ['{"subscribe":"{streamId}"}'],
          pingIntervalSeconds: 30,
          pingMessage: '{"op":"ping"}',
        },
      },
    }),
  },
};
