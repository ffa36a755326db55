/** How a behaviour of AWS is checked without an account. */
export type Means = "unit" | "local" | "moto" | "models" | "CLI";

export interface Check {
  readonly by: Means;
  /** File with the test, from `tests/`. */
  readonly file: string;
  /** Name of the test, as in the file. */
  readonly test: string;
}

/** Something that AWS does and the product relies on. */
export interface Behaviour {
  readonly behaviour: string;
  /** Page of AWS's documentation, after `https://docs.aws.amazon.com/`. */
  readonly source: string;
  readonly checks: readonly Check[];
}

const check =
  (by: Means, file: string) =>
  (test: string): Check => ({ by, file, test });

const changes = check("local", "local/services/dynamodb/change-capture.test.ts");
const mapping = check("local", "local/services/lambda/mapping.test.ts");
const functions = check("local", "local/services/lambda/functions.test.ts");
const models = check("models", "models/models.test.ts");
const signatures = check("models", "models/signatures.test.ts");
const moto = check("moto", "moto/moto.test.ts");
const cli = check("CLI", "pulumi/cli.test.ts");
const CONTRACT = "control/connection-table.contract.ts";
const onTable = (test: string): Check[] => [check("unit", CONTRACT)(test), check("moto", CONTRACT)(test)];
const store = check("unit", "data/aws-edges.test.ts");
const calls = check("unit", "aws/json-client.test.ts");
const objects = check("unit", "aws/s3-client.test.ts");
const restApi = check("local", "local/services/apigateway/rest-api.test.ts");
const lock = check("local", "security/full-run.system.test.ts");

const DEPLOYS = cli("deploy, operate, verify and destroy a stack, and the command ends");
const INPUTS = models("accept every API call that creates a resource, with patterns, enums and lengths (botocore)");

export const BEHAVIOURS: Readonly<Record<string, readonly Behaviour[]>> = {
  DynamoDB: [
    {
      behaviour: "A put on a new key writes an INSERT to the table's stream, another put on the same key a MODIFY",
      source: "amazondynamodb/latest/developerguide/Streams.html",
      checks: [changes("writes INSERT for a first put and MODIFY for another put on the same key")],
    },
    {
      behaviour: "A put that changes nothing writes no record",
      source: "amazondynamodb/latest/developerguide/Streams.html",
      checks: [changes("writes no record for a put that changes nothing")],
    },
    {
      behaviour: "The records of one item are in the order of its changes",
      source: "amazondynamodb/latest/developerguide/Streams.html",
      checks: [changes("keeps the order per item for concurrent writes")],
    },
    {
      behaviour: "BatchWriteItem stores up to 25 items, and replaces those with an existing key",
      source: "amazondynamodb/latest/APIReference/API_BatchWriteItem.html",
      checks: [moto("stores a batch of 25 events, and the same batch again, with one item for each")],
    },
    {
      behaviour: "BatchWriteItem returns the items that it did not process",
      source: "amazondynamodb/latest/APIReference/API_BatchWriteItem.html",
      checks: [store("returns the items that the table left unprocessed")],
    },
    {
      behaviour: "BatchGetItem returns the items of up to 100 keys, and a Query the newest packs, in pages",
      source: "amazondynamodb/latest/developerguide/Query.Pagination.html",
      checks: [moto("reads back events by their keys, and the packs of a stream over several pages, newest first")],
    },
    {
      behaviour: "A conditional update is atomic: one of many concurrent writers succeeds",
      source: "amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html",
      checks: [check("unit", CONTRACT)("applies one of many concurrent writes")],
    },
    {
      behaviour: "An update adds to a number of a map, and to one that is missing",
      source: "amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html",
      checks: onTable("adds to a number that is missing, as in a row of an earlier release"),
    },
    {
      behaviour: "A Scan returns pages and a key to continue with",
      source: "amazondynamodb/latest/APIReference/API_Scan.html",
      checks: onTable("scans page by page, each row once"),
    },
  ],
  Lambda: [
    {
      behaviour: "A function that invokes itself continues after 16 invocations if its recursion setting is Allow",
      source: "lambda/latest/dg/invocation-recursion.html",
      checks: [
        functions("are stopped after 16 invocations by the trace header that the SDK forwards"),
        functions("continue when the recursion setting allows it"),
        INPUTS,
      ],
    },
    {
      behaviour: "An asynchronous invocation is accepted with 202 and runs later",
      source: "lambda/latest/dg/invocation-async.html",
      checks: [
        calls("invokes a function asynchronously, signed and with the trace header"),
        moto("accepts an asynchronous invocation"),
      ],
    },
    {
      behaviour: "An asynchronous invocation that fails runs again as often as the function's settings allow",
      source: "lambda/latest/dg/invocation-async-error-handling.html",
      checks: [functions("run as often as their settings allow"), INPUTS],
    },
    {
      behaviour: "An environment is frozen between invocations and reused, and the network forgets its connections",
      source: "lambda/latest/dg/lambda-runtime-environment.html",
      checks: [
        functions("reuse an environment, and are frozen between invocations"),
        check("unit", "aws/frozen-sockets.test.ts")("does not disturb the connection API"),
      ],
    },
    {
      behaviour: "An invocation runs for up to 900 s, and its context reports the remaining time",
      source: "lambda/latest/dg/typescript-context.html",
      checks: [functions("run the uploaded code with an event and Lambda's context, and return its result")],
    },
    {
      behaviour: "An invocation ends at the function's timeout, and the next one gets a new environment",
      source: "lambda/latest/dg/configuration-timeout.html",
      checks: [functions("are killed at their timeout and start again")],
    },
    {
      behaviour: "A filter on `eventName` delivers inserts alone to the processor",
      source: "lambda/latest/dg/invocation-eventfiltering.html",
      checks: [mapping("delivers only the records that match its filter"), INPUTS],
    },
    {
      behaviour: "A batch with failures is delivered again from the lowest reported record",
      source: "lambda/latest/dg/services-ddb-batchfailurereporting.html",
      checks: [mapping("retries from the lowest reported record, and stores discarded records in the bucket")],
    },
    {
      behaviour: "A batch that keeps failing is halved until the bad record is alone",
      source: "lambda/latest/dg/services-dynamodb-errors.html",
      checks: [mapping("bisects a failing batch down to the bad record")],
    },
    {
      behaviour: "A mapping with a failure destination in S3 stores the discarded records there",
      source: "lambda/latest/dg/kinesis-on-failure-destination.html",
      checks: [mapping("retries from the lowest reported record, and stores discarded records in the bucket"), INPUTS],
    },
    {
      behaviour: "A function's environment has at most 4 KB, and names of letters, digits and underscores",
      source: "lambda/latest/dg/configuration-envvars.html",
      checks: [
        check(
          "unit",
          "components/validation.test.ts",
        )("refuse settings that exceed the environment of the connection manager"),
        INPUTS,
      ],
    },
  ],
  "API Gateway": [
    {
      behaviour: "IAM authorization refuses a request without a valid signature",
      source: "apigateway/latest/developerguide/permissions.html",
      checks: [restApi("rejects a call without a signature"), signatures("to execute-api, from the command line")],
    },
    {
      behaviour: "IAM authorization refuses a caller without the permission",
      source: "apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html",
      checks: [restApi("rejects a signed caller without the permission and accepts one with it")],
    },
    {
      behaviour: "An explicit deny in the API's policy is applied before the caller's permissions",
      source: "apigateway/latest/developerguide/apigateway-authorization-flow.html",
      checks: [restApi("applies an explicit deny of its policy before the caller's permissions")],
    },
    {
      behaviour: "A stage serves the deployed snapshot, not later definitions",
      source: "apigateway/latest/developerguide/how-to-deploy-api.html",
      checks: [restApi("serves the deployed snapshot, not later definitions")],
    },
    {
      behaviour: "A Lambda proxy passes the request to the function, and returns its status, headers and body",
      source: "apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html",
      checks: [restApi("passes the request to the function as API Gateway does, with decoded path parameters")],
    },
    {
      behaviour: "The path parameters of a Lambda proxy are decoded",
      source: "apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html",
      checks: [restApi("passes the request to the function as API Gateway does, with decoded path parameters")],
    },
  ],
  "S3 and Secrets Manager": [
    {
      behaviour: "An object is stored and read under any key, escaped once",
      source: "AmazonS3/latest/userguide/object-keys.html",
      checks: [
        objects("puts and gets signed objects, with keys escaped once"),
        signatures("to S3, with awkward keys"),
        moto("stores an oversize object under an awkward key and reads it back"),
      ],
    },
    {
      behaviour: "GetSecretValue returns the current version",
      source: "secretsmanager/latest/apireference/API_GetSecretValue.html",
      checks: [
        calls("reads the source's secret with its version"),
        moto("returns the secret with its version, and another version after a rotation"),
      ],
    },
    {
      behaviour: "The id of a secret's current version changes with a rotation",
      source: "secretsmanager/latest/userguide/whats-in-a-secret.html",
      checks: [moto("returns the secret with its version, and another version after a rotation")],
    },
  ],
  "IAM and signatures": [
    {
      behaviour: "AWS accepts a request with Signature Version 4 and the session token of a role",
      source: "IAM/latest/UserGuide/reference_sigv-create-signed-request.html",
      checks: [
        signatures("to DynamoDB"),
        signatures("to Lambda, with a trace that a proxy may change"),
        moto("runs a hop of the manager, whose events the processor handles"),
      ],
    },
    {
      behaviour: "AWS refuses a request with a wrong secret key or without permission",
      source: "IAM/latest/UserGuide/reference_sigv-create-signed-request.html",
      checks: [moto("refuses a wrong secret key, and a call without permission")],
    },
    {
      behaviour: "The policies of the roles allow every call of the functions",
      source: "IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
      checks: [
        lock("no call was denied"),
        lock("every granted action was used on every granted resource"),
        models("accept the policy of every role, except the resource * for network interfaces (parliament)"),
      ],
    },
  ],
  "Deployment and operation": [
    {
      behaviour: "AWS accepts the inputs of every resource: required members, names, patterns, ranges",
      source: "AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html",
      checks: [INPUTS, models("accept the resources as CloudFormation templates (cfn-lint)")],
    },
    {
      behaviour: "A second `pulumi up` and a refresh change nothing, and a destroy deletes what is not retained",
      source: "cloudcontrolapi/latest/userguide/what-is-cloudcontrolapi.html",
      checks: [DEPLOYS],
    },
    {
      behaviour: "A schedule with a rate invokes its function every minute, with its role's permission",
      source: "scheduler/latest/UserGuide/schedule-types.html",
      checks: [
        check(
          "local",
          "local/services/scheduler/schedules.test.ts",
        )("invoke at once and then at their rate, until they are closed"),
        INPUTS,
      ],
    },
    {
      behaviour: "Metrics in log lines (EMF) set the alarms",
      source: "AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html",
      checks: [
        check("local", "local/services/cloudwatch/alarms.test.ts")("are in ALARM when every period breaches"),
        INPUTS,
      ],
    },
    {
      behaviour: "CloudWatch accepts the dashboard's body",
      source: "AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
      checks: [models("accept the dashboard")],
    },
  ],
};
