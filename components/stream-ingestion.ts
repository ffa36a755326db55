import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { COMPONENT_TYPE } from "../runtime/contract";
import { createAlarms } from "./alarms";
import type { StreamIngestionArgs, StreamIngestionOptions } from "./args";
import { createBucket } from "./bucket";
import { createConnectionApi } from "./connection-api";
import { createConnectionManager } from "./connection-manager";
import { createDashboard } from "./dashboard";
import { createEventProcessor } from "./event-processor";
import { identityInForce } from "./identity";
import { markSecrets } from "./mark-secrets";
import { createEgress } from "./network";
import { normalise } from "./normalise";
import { processorCode } from "./processor-code";
import { createRepeatCounter } from "./repeat-counter";
import type { Scope } from "./scope";
import { createSourceSecret } from "./source-secret";
import { createConnectionTable, createDeclaredRow, createEventTable, declaredRowKey, type Stores } from "./stores";
import { checkTransforms } from "./transform";
import { createWatchdog } from "./watchdog";

/** The child resources, for properties that are not outputs. */
export interface StreamIngestionNodes extends Stores {
  readonly connectionManager: aws.lambda.Function;
  readonly connectionApi: aws.lambda.Function;
  readonly restApi: aws.apigateway.RestApi;
  /** For a domain's base path mapping, and for a web ACL. */
  readonly stage: aws.apigateway.Stage;
  readonly watchdog: aws.lambda.Function;
  /** Absent when the processor is an existing function. */
  readonly eventProcessor?: aws.lambda.Function;
  readonly mapping: aws.lambda.EventSourceMapping;
  /** Absent with `events.countRepeats: false`. */
  readonly repeatCounter?: aws.lambda.Function;
  readonly alarms: readonly aws.cloudwatch.MetricAlarm[];
}

/** A map, because Pulumi's analyzer treats every field of a component as an output, even a private one. */
const nodesOf = new WeakMap<StreamIngestion, StreamIngestionNodes>();

/**
 * Keeps endless HTTP streams open on AWS Lambda, stores every event once in DynamoDB, and sends each new event to your
 * processor.
 *
 * @example
 * new StreamIngestion("prices", {
 *   source: { url, path, key },
 *   processor: { entry: "./processor.ts" },
 *   streams: ["EUR_USD"],
 * });
 */
export class StreamIngestion extends pulumi.ComponentResource {
  /** Base URL of the connection API, `https://…/v1`. */
  readonly apiUrl: pulumi.Output<string>;
  /** Name of the event table. */
  readonly tableName: pulumi.Output<string>;
  /** Name of the connection table. */
  readonly connectionTableName: pulumi.Output<string>;
  /** Name of the bucket for oversize events and failures. */
  readonly bucketName: pulumi.Output<string>;
  /** ARN of the secret with the upstream's URL, path, key, headers and query. */
  readonly secretArn: pulumi.Output<string>;
  /** ARN of the processor function. */
  readonly processorArn: pulumi.Output<string>;
  /** Policy that the role of an existing processor needs. Without `processor.roleName`, attach it to the role yourself. */
  readonly processorPolicyJson: pulumi.Output<string>;
  /** Addresses that the upstream sees with `network.fixedEgress`; otherwise empty. */
  readonly egressIps: pulumi.Output<string[]>;

  /** @throws pulumi.ResourceError that names the argument, the value and what is allowed */
  constructor(name: string, args: StreamIngestionArgs, { transform = {}, ...opts }: StreamIngestionOptions = {}) {
    const secretArgs = markSecrets(args);
    super(COMPONENT_TYPE, name, secretArgs, opts);
    try {
      const settings = normalise(name, args);
      const { source, processor, alarms } = secretArgs;
      // Before the first child resource, so that code that does not compile creates nothing.
      pulumi.log.info(identityInForce(settings.settings.events), this);
      const code = processorCode(processor, settings.processor, (warning) => pulumi.log.warn(warning, this));
      const scope: Scope = {
        name,
        deployment: settings.deploymentName ?? deploymentOf(name),
        parent: this,
        tags: settings.tags,
        retain: settings.retain,
        account: settings.account,
        transforms: checkTransforms(transform),
      };

      const { secret, secretVersion } = createSourceSecret(scope, source.secretArn, settings.sourceParts);
      const connectionTable = createConnectionTable(scope, settings.existing);
      const eventTable = createEventTable(scope, settings);
      const { ttlDays, storage } = settings.settings.events;
      const bucket = createBucket(scope, {
        existing: settings.existing.bucket,
        manage: settings.manageBucket,
        ttlDays,
        storage,
      });
      const stores: Stores = {
        secret,
        secretVersion,
        connectionTable,
        eventTable,
        bucket,
        arns: {
          secret: secret.arn,
          connectionTable: connectionTable.arn,
          eventTable: eventTable.arn,
          eventStream: eventTable.streamArn,
          bucket: bucket.arn,
        },
      };

      const egress = createEgress(scope, settings.network);
      const vpc = egress?.everyFunction ? egress : undefined;
      const eventProcessor = createEventProcessor(scope, stores, processor, code, settings, vpc);
      const repeatCounter = settings.countRepeats ? createRepeatCounter(scope, stores, vpc) : undefined;
      const manager = createConnectionManager(scope, stores, settings, egress, eventProcessor.function);
      const api = createConnectionApi(scope, stores, manager, settings, vpc);
      const declaredRow = declaredRowKey(settings.existing, connectionTable, manager.role.uniqueId);
      const declared = createDeclaredRow(scope, connectionTable, declaredRow, settings.streams);
      const watchdog = createWatchdog(scope, stores, manager, settings, { declared, declaredRow }, vpc);

      const created = createAlarms(scope, eventProcessor, settings, alarms?.topicArn);
      createDashboard(scope, created);

      nodesOf.set(this, {
        ...stores,
        connectionManager: manager.function,
        connectionApi: api.function,
        restApi: api.restApi,
        stage: api.stage,
        watchdog: watchdog.function,
        eventProcessor: eventProcessor.function,
        mapping: eventProcessor.mapping,
        repeatCounter,
        alarms: created,
      });
      this.apiUrl = api.url;
      this.tableName = eventTable.name;
      this.connectionTableName = connectionTable.name;
      this.bucketName = bucket.bucket;
      this.secretArn = secret.arn;
      this.processorArn = eventProcessor.functionArn;
      this.processorPolicyJson = eventProcessor.policyJson;
      this.egressIps = egress?.egressIps ?? pulumi.output<string[]>([]);
    } catch (error) {
      throw error instanceof pulumi.RunError ? error : new pulumi.ResourceError((error as Error).message, this);
    }
    const { apiUrl, tableName, connectionTableName, bucketName, secretArn, processorArn } = this;
    const { processorPolicyJson, egressIps } = this;
    this.registerOutputs({
      apiUrl,
      tableName,
      connectionTableName,
      bucketName,
      secretArn,
      processorArn,
      processorPolicyJson,
      egressIps,
    });
  }

  /** All child resources. */
  get nodes(): StreamIngestionNodes {
    return nodesOf.get(this) as StreamIngestionNodes;
  }
}

/** A dashboard's name can contain letters, digits, `-` and `_`. */
function deploymentOf(name: string): string {
  return `${pulumi.getProject()}-${pulumi.getStack()}-${name}`.replace(/[^A-Za-z0-9_-]/g, "-");
}
