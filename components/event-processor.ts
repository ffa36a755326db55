import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import type { ProcessorArgs } from "./args";
import { checkVariables } from "./environment";
import { allowed, attachPolicy, createLambda, policyDocument } from "./lambda-function";
import type { VpcAccess } from "./network";
import type { Normalised } from "./normalise";
import { eventProcessorStatements, type Statement, useKey } from "./permissions";
import type { ProcessorCode } from "./processor-code";
import type { Scope } from "./scope";
import type { Stores } from "./stores";
import { transformed } from "./transform";

/** Less than the 24 hours after which the table's stream drops a record. */
export const MAX_RECORD_AGE_SECONDS = 22 * 3600;

export interface EventProcessor {
  readonly functionArn: pulumi.Output<string>;
  /** Absent for an existing function. */
  readonly function?: aws.lambda.Function;
  readonly mapping: aws.lambda.EventSourceMapping;
  /** The policy that the processor's role needs. For an existing function without `roleName`, the user attaches it. */
  readonly policyJson: pulumi.Output<string>;
}

/** Creates the user's function and the mapping that sends it the new items of the event table. */
export function createEventProcessor(
  scope: Scope,
  stores: Stores,
  args: ProcessorArgs,
  /** Absent = an existing function. */
  code: ProcessorCode | undefined,
  normalised: Normalised,
  vpc: VpcAccess | undefined,
): EventProcessor {
  const { processor } = normalised;
  const statements = pulumi
    .output(processor.policyStatements)
    .apply((own): Statement[] => [
      ...eventProcessorStatements(stores.arns, normalised.settings.events.storage),
      ...own.map(allowed),
    ]);
  const withKey = statements.apply((own) => [...useKey(scope.account.kmsKeyArn, "write"), ...own]);
  const target = code === undefined ? existing(scope, args, withKey) : own(code);
  const mapping = new aws.lambda.EventSourceMapping(
    `${scope.name}-mapping`,
    transformed<aws.lambda.EventSourceMappingArgs>(scope, "mapping", `${scope.name}-mapping`, {
      eventSourceArn: stores.eventTable.streamArn,
      functionName: target.functionArn,
      // LATEST can skip records that are written while the mapping is created.
      startingPosition: "TRIM_HORIZON",
      batchSize: processor.batchSize,
      parallelizationFactor: processor.parallelizationFactor,
      maximumBatchingWindowInSeconds: processor.maximumBatchingWindowSeconds,
      // A repeated event is a MODIFY, an expired one a REMOVE: only the first event with a key is processed.
      filterCriteria: { filters: [{ pattern: JSON.stringify({ eventName: ["INSERT"] }) }] },
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 5,
      maximumRecordAgeInSeconds: MAX_RECORD_AGE_SECONDS,
      functionResponseTypes: ["ReportBatchItemFailures"],
      destinationConfig: { onFailure: { destinationArn: stores.bucket.arn } },
      metricsConfig: { metrics: ["EventCount"] },
      tags: mappingTags(scope),
    }),
    { parent: scope.parent, dependsOn: target.policies },
  );
  return { ...target, mapping, policyJson: policyDocument(withKey) };

  function own(bundle: ProcessorCode) {
    const lambda = createLambda(scope, {
      role: "event-processor",
      description: "Processes each new event",
      bundle,
      runtime: bundle.runtime,
      architecture: bundle.architecture,
      memorySize: processor.memorySize,
      timeoutSeconds: processor.timeoutSeconds,
      environment: pulumi.output(args.environment ?? {}).apply((environment) => {
        checkVariables(environment);
        return { ...environment, [ENV.bucket]: stores.bucket.bucket };
      }),
      statements,
      keyUse: "write",
      vpc,
      transform: "eventProcessor",
    });
    return { functionArn: lambda.function.arn, function: lambda.function, policies: [lambda.policy] };
  }
}

/** The regions in China reject tags on event source mappings. */
export function mappingTags({ tags, parent }: Scope): pulumi.Input<Record<string, pulumi.Input<string>>> | undefined {
  if (tags === undefined) return undefined;
  const { region } = aws.getRegionOutput({}, { parent });
  return pulumi.all([region, tags]).apply(([name, own]) => (name.startsWith("cn-") ? {} : own));
}

/** The mapping of an existing function reads the table's stream with that function's role. */
function existing(scope: Scope, { functionArn, roleName }: ProcessorArgs, statements: pulumi.Output<Statement[]>) {
  const policies =
    roleName === undefined
      ? []
      : [attachPolicy(scope, `${scope.name}-event-processor`, { name: roleName }, statements)];
  return { functionArn: pulumi.output(functionArn as pulumi.Input<string>), function: undefined, policies };
}
