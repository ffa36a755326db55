import * as aws from "@pulumi/aws";
import { ENV } from "../runtime/contract";
import { bundleHandler } from "./bundle/handlers";
import { MAX_RECORD_AGE_SECONDS, mappingTags } from "./event-processor";
import { createLambda } from "./lambda-function";
import type { VpcAccess } from "./network";
import { repeatCounterStatements } from "./permissions";
import type { Scope } from "./scope";
import type { Stores } from "./stores";
import { transformed } from "./transform";

/** The most that Lambda waits and collects: one invocation counts a minute of repeats. */
const WINDOW_SECONDS = 60;
const BATCH_SIZE = 10_000;

/**
 * Creates the function that counts events that were written again: the repeats that identity makes one event, and the copies of a
 * handover. It is the second reader of the table's stream, and AWS recommends no more than two.
 */
export function createRepeatCounter(scope: Scope, stores: Stores, vpc: VpcAccess | undefined): aws.lambda.Function {
  const lambda = createLambda(scope, {
    role: "repeat-counter",
    description: "Counts events that were written to the table again",
    bundle: bundleHandler("repeat-counter"),
    memorySize: 256,
    timeoutSeconds: 60,
    environment: { [ENV.connectionTable]: stores.connectionTable.name },
    statements: repeatCounterStatements(stores.arns),
    keyUse: "write",
    vpc,
    transform: "repeatCounter",
  });
  const name = `${scope.name}-repeat-mapping`;
  new aws.lambda.EventSourceMapping(
    name,
    transformed<aws.lambda.EventSourceMappingArgs>(scope, "repeatMapping", name, {
      eventSourceArn: stores.eventTable.streamArn,
      functionName: lambda.function.arn,
      startingPosition: "TRIM_HORIZON",
      batchSize: BATCH_SIZE,
      maximumBatchingWindowInSeconds: WINDOW_SECONDS,
      filterCriteria: { filters: [{ pattern: JSON.stringify({ eventName: ["MODIFY"] }) }] },
      // Retried until the records expire: it fails only while the connection table does not answer.
      maximumRecordAgeInSeconds: MAX_RECORD_AGE_SECONDS,
      tags: mappingTags(scope),
    }),
    { parent: scope.parent, dependsOn: [lambda.policy] },
  );
  return lambda.function;
}
