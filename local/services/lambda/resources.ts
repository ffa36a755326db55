import { randomUUID } from "node:crypto";
import type { Cloud } from "../../cloud/cloud";
import { LocalError } from "../../local-error";
import type { Archive } from "../../resources/archive";
import { define, physicalName } from "../../resources/define";
import type { Tables } from "../dynamodb/tables";
import { DEFAULT_ASYNC } from "./function-spec";
import type { Functions } from "./functions";
import { parsePattern } from "./mapping/event-pattern";
import type { Mappings } from "./mapping/mappings";

interface LambdaCloud extends Cloud {
  readonly functions: Functions;
  readonly mappings: Mappings;
  readonly tables: Tables;
}

interface FunctionInputs {
  readonly name?: string;
  readonly role: string;
  readonly handler?: string;
  readonly runtime?: string;
  readonly code?: Archive;
  readonly timeout?: number;
  readonly memorySize?: number;
  readonly environment?: { readonly variables?: Readonly<Record<string, string>> };
  readonly loggingConfig?: { readonly logGroup?: string; readonly logFormat?: "JSON" | "Text" };
  readonly reservedConcurrentExecutions?: number;
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MB = 128;

/** A function: child processes that run the files of the archive. Architecture and network are those of this machine. */
export const lambdaFunction = define<LambdaCloud, FunctionInputs>({
  inputs: [
    "name",
    "role",
    "handler",
    "runtime",
    "code",
    "timeout",
    "memorySize",
    "environment",
    "loggingConfig",
    "reservedConcurrentExecutions",
    "architectures",
    "description",
    "layers",
    "tracingConfig",
    "kmsKeyArn",
    "deadLetterConfig",
    "vpcConfig",
    "tags",
  ],
  replaceOn: ["name"],
  put(cloud, { name: pulumiName, inputs }, before) {
    const { region, accountId, functions } = cloud;
    if (inputs.code?.kind !== "archive") {
      throw new Error("Expected `code` to be an archive of files: images and code in S3 are not supported locally.");
    }
    const name = before?.id ?? physicalName(inputs.name, pulumiName);
    const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    const variables = inputs.environment?.variables ?? {};
    checkEnvironment(variables);
    const reserved = inputs.reservedConcurrentExecutions ?? -1;
    functions.put({
      name,
      arn,
      roleArn: inputs.role,
      handler: inputs.handler ?? "index.handler",
      runtime: inputs.runtime ?? "",
      code: inputs.code,
      timeoutSeconds: cloud.timeoutSeconds(inputs.timeout ?? DEFAULT_TIMEOUT_SECONDS),
      memoryMb: inputs.memorySize ?? DEFAULT_MEMORY_MB,
      variables,
      logGroup: inputs.loggingConfig?.logGroup ?? `/aws/lambda/${name}`,
      logFormat: inputs.loggingConfig?.logFormat ?? "Text",
      reservedConcurrency: reserved < 0 ? undefined : reserved,
    });
    const invokeArn = `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
    return {
      id: name,
      outputs: {
        name,
        arn,
        invokeArn,
        qualifiedArn: `${arn}:$LATEST`,
        version: "$LATEST",
        sourceCodeHash: inputs.code.hash,
        codeSha256: inputs.code.hash,
        timeout: inputs.timeout ?? DEFAULT_TIMEOUT_SECONDS,
        memorySize: inputs.memorySize ?? DEFAULT_MEMORY_MB,
        lastModified: new Date().toISOString(),
      },
    };
  },
  remove: ({ functions }, id) => functions.remove(id),
});

/** Of all variables together as JSON. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ENVIRONMENT_BYTES = 4096;

/** Variables that Lambda sets. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const RESERVED = new Set(
  (
    "AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME " +
    "AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME " +
    "AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT"
  ).split(" "),
);

/** @throws LocalError as Lambda refuses the variables. It shows no value, which can be a secret. */
function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  const invalid = Object.keys(variables).find((name) => !/^[A-Za-z][A-Za-z0-9_]+$/.test(name));
  if (invalid !== undefined)
    throw new LocalError(
      `Expected each variable's name to be a letter followed by at least one letter, digit or underscore, got "${invalid}".`,
    );
  const reserved = Object.keys(variables).find((name) => RESERVED.has(name));
  if (reserved !== undefined)
    throw new LocalError(`Expected variables that Lambda does not set itself, got "${reserved}". Choose another name.`);
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  if (bytes > MAX_ENVIRONMENT_BYTES)
    throw new LocalError(`Expected the environment to have at most ${MAX_ENVIRONMENT_BYTES} bytes, got ${bytes}.`);
}

interface RecursionInputs {
  readonly functionName: string;
  readonly recursiveLoop: "Allow" | "Terminate";
}

/** Recursive loop detection. By default a chain ends after 16 invocations, as on AWS. */
export const recursionConfig = define<LambdaCloud, RecursionInputs>({
  inputs: ["functionName", "recursiveLoop"],
  replaceOn: ["functionName"],
  put({ functions }, { inputs }) {
    functions.setRecursion(inputs.functionName, inputs.recursiveLoop);
    return { id: inputs.functionName };
  },
  remove({ functions }, id) {
    if (functions.find(id)) functions.setRecursion(id, "Terminate");
  },
});

interface EventInvokeInputs {
  readonly functionName: string;
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeInSeconds?: number;
}

/** Retries and maximum age of asynchronous invocations. Destinations have no effect here. */
export const eventInvokeConfig = define<LambdaCloud, EventInvokeInputs>({
  inputs: ["functionName", "maximumRetryAttempts", "maximumEventAgeInSeconds", "qualifier", "destinationConfig"],
  replaceOn: ["functionName", "qualifier"],
  put({ functions }, { inputs }) {
    functions.setAsync(inputs.functionName, {
      maximumRetryAttempts: inputs.maximumRetryAttempts ?? DEFAULT_ASYNC.maximumRetryAttempts,
      maximumEventAgeSeconds: inputs.maximumEventAgeInSeconds ?? DEFAULT_ASYNC.maximumEventAgeSeconds,
    });
    return { id: inputs.functionName };
  },
  remove({ functions }, id) {
    if (functions.find(id)) functions.setAsync(id, undefined);
  },
});

interface PermissionInputs {
  readonly action: string;
  readonly function: string;
  readonly principal: string;
  readonly sourceArn?: string;
  readonly statementId?: string;
}

/** Allows an AWS service to invoke a function. */
export const permission = define<LambdaCloud, PermissionInputs>({
  inputs: ["action", "function", "principal", "sourceArn", "sourceAccount", "statementId", "qualifier"],
  replaceOn: ["action", "function", "principal", "sourceArn", "sourceAccount", "statementId", "qualifier"],
  put({ functions }, { name, inputs }, before) {
    const id = before?.id ?? physicalName(inputs.statementId, name, 100);
    const spec = functions.find(inputs.function);
    if (spec === undefined) throw new Error(`Function not found: ${inputs.function}`);
    functions.setPermission(spec.name, id, {
      Effect: "Allow",
      Principal: { Service: inputs.principal },
      Action: inputs.action,
      Resource: spec.arn,
      ...(inputs.sourceArn && { Condition: { ArnLike: { "aws:SourceArn": inputs.sourceArn } } }),
    });
    return { id, outputs: { statementId: id } };
  },
  remove({ functions }, id, outputs) {
    const spec = functions.find(String(outputs.function));
    if (spec) functions.setPermission(spec.name, id, undefined);
  },
});

interface MappingInputs {
  readonly eventSourceArn: string;
  readonly functionName: string;
  readonly enabled?: boolean;
  readonly batchSize?: number;
  readonly maximumBatchingWindowInSeconds?: number;
  readonly parallelizationFactor?: number;
  readonly filterCriteria?: { readonly filters?: readonly { readonly pattern: string }[] };
  readonly startingPosition?: "TRIM_HORIZON" | "LATEST";
  readonly bisectBatchOnFunctionError?: boolean;
  readonly maximumRetryAttempts?: number;
  readonly maximumRecordAgeInSeconds?: number;
  readonly functionResponseTypes?: readonly string[];
  readonly destinationConfig?: { readonly onFailure?: { readonly destinationArn?: string } };
  readonly metricsConfig?: { readonly metrics: readonly string[] };
}

/** An event source mapping from a table's change stream to a function. A stream has one shard here. */
export const eventSourceMapping = define<LambdaCloud, MappingInputs>({
  inputs: [
    "eventSourceArn",
    "functionName",
    "enabled",
    "batchSize",
    "maximumBatchingWindowInSeconds",
    "filterCriteria",
    "startingPosition",
    "bisectBatchOnFunctionError",
    "maximumRetryAttempts",
    "maximumRecordAgeInSeconds",
    "functionResponseTypes",
    "destinationConfig",
    "metricsConfig",
    "parallelizationFactor",
    "tags",
  ],
  replaceOn: ["eventSourceArn", "startingPosition"],
  async put({ tables, functions, mappings, region, accountId }, { inputs }, before) {
    const id = before?.id ?? randomUUID();
    const stream = tables.streamOf(inputs.eventSourceArn);
    if (stream === undefined) {
      throw new Error(`Expected \`eventSourceArn\` to be the stream of a local table, got ${inputs.eventSourceArn}.`);
    }
    const target = functions.find(inputs.functionName);
    if (target === undefined) throw new Error(`Function not found: ${inputs.functionName}`);
    const failureBucketArn = inputs.destinationConfig?.onFailure?.destinationArn;
    if (failureBucketArn !== undefined && !failureBucketArn.startsWith("arn:aws:s3:::")) {
      throw new Error(
        `Expected a bucket as failure destination, got ${failureBucketArn}: queues and topics are not supported locally.`,
      );
    }
    await mappings.put(
      {
        id,
        functionName: target.name,
        functionArn: target.arn,
        enabled: inputs.enabled ?? true,
        batchSize: inputs.batchSize ?? 100,
        parallelBatches: inputs.parallelizationFactor ?? 1,
        batchingWindowMs: (inputs.maximumBatchingWindowInSeconds ?? 0) * 1000,
        patterns: (inputs.filterCriteria?.filters ?? []).map(({ pattern }) => parsePattern(pattern)),
        startingPosition: inputs.startingPosition ?? "LATEST",
        bisect: inputs.bisectBatchOnFunctionError ?? false,
        maximumRetryAttempts: inputs.maximumRetryAttempts ?? -1,
        maximumRecordAgeSeconds: inputs.maximumRecordAgeInSeconds ?? -1,
        reportsItemFailures: inputs.functionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
        failureBucketArn,
        countsEvents: inputs.metricsConfig?.metrics.includes("EventCount") ?? false,
      },
      stream,
    );
    return {
      id,
      outputs: {
        uuid: id,
        arn: `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${id}`,
        functionArn: target.arn,
        state: inputs.enabled === false ? "Disabled" : "Enabled",
      },
    };
  },
  remove: ({ mappings }, id) => mappings.remove(id),
});
