import { decide } from "./access/policy";
import { createPrincipals } from "./access/principals";
import { createRoles } from "./access/roles";
import { createAlarms } from "./alarms";
import { createRestApis } from "./api/rest-apis";
import { serveRestApi } from "./api/serve-rest-api";
import { createBuckets } from "./buckets";
import type { CloudEvent, CloudOptions, LocalCloud } from "./cloud";
import { takeDataFolder } from "./data-folder";
import { dynamoDbService } from "./dynamodb/dynamodb-service";
import { openTables } from "./dynamodb/tables";
import { openEndpoint } from "./endpoint";
import { createFaults } from "./faults";
import { createFunctions } from "./lambda/functions";
import { lambdaService } from "./lambda/lambda-service";
import { startReaper } from "./lambda/reaper";
import { createLogStore } from "./log-store";
import { logsService } from "./logs-service";
import { createMappings } from "./mapping/mappings";
import { createQueues } from "./queues";
import { s3Service } from "./s3-service";
import { createSchedules } from "./schedules";
import { createSecrets } from "./secrets";
import type { Permission, Service } from "./service";
import { sqsService } from "./sqs-service";

const REGION = "us-east-1";
const ACCOUNT_ID = "000000000000";
/** Lambda's longest, which `hopSeconds` stands for. */
const LONGEST_TIMEOUT_SECONDS = 900;
const DRAIN_PATIENCE_MS = 5_000;

/**
 * Starts the cloud: one endpoint on loopback with everything behind it, and nothing deployed yet.
 * @throws when the port is taken
 */
export async function startLocalCloud(options: CloudOptions = {}): Promise<LocalCloud> {
  const { dataDir, hopSeconds } = options;
  const region = REGION;
  const accountId = ACCOUNT_ID;
  const logs = createLogStore();
  const emit = (event: CloudEvent) => {
    if (event.kind === "log") {
      const group = functions.find(event.functionName)?.logGroup;
      if (group !== undefined) logs.add({ group, at: event.at, text: event.line });
    }
    options.onEvent?.(event);
  };
  const timeScale = hopSeconds === undefined ? 1 : hopSeconds / LONGEST_TIMEOUT_SECONDS;
  const giveBackFolder = dataDir === undefined ? () => {} : takeDataFolder(dataDir);

  const principals = createPrincipals();
  const roles = createRoles(accountId);
  const faults = createFaults(Date.now);
  const secrets = createSecrets(dataDir);
  const buckets = createBuckets(dataDir);
  const queues = createQueues(Date.now);
  const restApis = createRestApis();
  const alarms = createAlarms(logs, { region, accountId }, Date.now);
  const schedules = createSchedules(timeScale);
  const tables = openTables({ region, accountId, dataDir, emit, now: Date.now });
  const reaper = startReaper();
  let port = 0;
  const functions = createFunctions({
    endpoint: () => `http://127.0.0.1:${port}`,
    policiesOf: roles.policiesOf,
    region,
    accountId,
    principals,
    faults,
    reaper,
    timeScale,
    emit,
  });

  function may(caller: string, roleArn: string, permission: Permission, quietly = false): boolean {
    const allowed = decide(roles.policiesOf(roleArn), permission) === "allow";
    if (!quietly || !allowed) {
      emit({ kind: "call", at: Date.now(), caller, ...permission, allowed, status: allowed ? 200 : 400 });
    }
    return allowed;
  }

  const mappings = createMappings({
    functions,
    faults,
    emit,
    dataDir,
    count: (EventSourceMappingUUID, metric, value) =>
      alarms.count({ namespace: "AWS/Lambda", dimensions: { EventSourceMappingUUID }, metric, value }),
    may: (name, permission, quietly) => may(name, functions.find(name)?.roleArn ?? "", permission, quietly),
    putFailure: (arn, key, body) =>
      void buckets
        .find(arn.replace(/^arn:aws:s3:::/, ""))
        ?.put({ key, contentType: "application/json", metadata: {} }, Buffer.from(body)),
  });

  const services = new Map<string, Service>([
    ["dynamodb", dynamoDbService({ tables, region, accountId })],
    ["logs", logsService({ logs, region, accountId })],
    ["monitoring", alarms.service],
    ["lambda", lambdaService({ functions, region, accountId })],
    ["secretsmanager", secrets.service],
    ["s3", s3Service(buckets)],
    ["sqs", sqsService({ queues, region, accountId })],
  ]);
  const restApi = serveRestApi({ apis: restApis, functions, principals, region, accountId, emit });
  const everything = { Statement: { Effect: "Allow", Action: "*", Resource: "*" } } as const;
  const operator = principals.issue({
    name: "operator",
    arn: `arn:aws:iam::${accountId}:user/operator`,
    policies: () => [everything],
  });

  const endpoint = await openEndpoint({ region, principals, faults, emit, services, restApi }, options.port ?? 0).catch(
    async (error: unknown) => {
      reaper.close();
      await tables.close();
      giveBackFolder();
      throw error;
    },
  );
  port = endpoint.port;

  let closing: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    schedules.close();
    await mappings.drain(DRAIN_PATIENCE_MS);
    // A batch that hangs ends with its process, and is delivered again after a restart.
    await Promise.all([mappings.close(), functions.close()]);
    reaper.close();
    await endpoint.close();
    await tables.close();
    giveBackFolder();
  }

  return {
    endpoint: `http://127.0.0.1:${port}`,
    region,
    accountId,
    operator,
    principals,
    roles,
    tables,
    buckets,
    queues,
    secrets,
    functions,
    mappings,
    schedules,
    restApis,
    alarms,
    faults,
    timeoutSeconds: (declared) =>
      hopSeconds !== undefined && declared >= LONGEST_TIMEOUT_SECONDS ? hopSeconds : declared,
    may,
    close: () => (closing ??= shutDown()),
  };
}
