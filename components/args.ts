import type * as pulumi from "@pulumi/pulumi";
import type { ApiArgs, EventsArgs, ProcessorArgs, RelayArgs, SourceArgs } from "./argument-groups";
import type { Removal } from "./choices";

/**
 * Arguments of a `StreamIngestion`. Only `source` and `processor` are required.
 *
 * @example
 * new StreamIngestion("prices", {
 *   source: { url: config.requireSecret("url"), path: "/v3/prices/{streamId}", key: config.requireSecret("key") },
 *   processor: { entry: "./processor.ts" },
 *   streams: ["EUR_USD"],
 * });
 */
export interface StreamIngestionArgs {
  /** The upstream: where it is, how it is asked, what it answers. */
  source: SourceArgs;
  /** The user's code, one INSERT of the event table at a time or in batches. */
  processor: ProcessorArgs;
  /**
   * Streams that this deployment keeps open. Adding an id starts its stream within a minute, removing it stops it; a stream
   * that was started through the API is never touched. Ids: 1..128 of `A-Z a-z 0-9 . _ : @ -`.
   * @default []
   */
  streams?: string[];
  /** How streams are carried by the connection manager. */
  relay?: RelayArgs;
  /** How events are told apart, filtered and kept. */
  events?: EventsArgs;
  /** The HTTP API that starts, stops and lists streams. */
  api?: ApiArgs;
  /** Alarms on what needs a human. */
  alarms?: AlarmsArgs;
  /** Where the connection manager's traffic leaves from. Outside a VPC by default. */
  network?: NetworkArgs;
  /**
   * What `pulumi destroy` does with tables, bucket and secret: `retain` leaves them in the account, `delete` removes them and
   * every event in them. A change takes one `up` before `destroy` knows of it.
   * @default "retain"
   */
  removal?: Removal;
  /**
   * Tags of every child that can carry some.
   * @default {}
   */
  tags?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** Alarms: a stream without a live lease, a failed stream, processor failures, iterator age, hop rate. */
export interface AlarmsArgs {
  /**
   * False = no alarms and no dashboard. Five alarms cost $0.50 a month.
   * @default true
   */
  enabled?: boolean;
  /**
   * SNS topic that is told when an alarm goes off and when it is over.
   * @default none: the alarms show in CloudWatch alone
   */
  topicArn?: pulumi.Input<string>;
}

/** Either `fixedEgress`, or `subnetIds` with `securityGroupIds`. */
export interface NetworkArgs {
  /** Existing private subnets with a way out (NAT) and to the AWS services. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Existing security groups; outbound 443 is what the connection manager needs. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Makes a small VPC with one NAT gateway and one Elastic IP, for upstreams that allow-list addresses: see the output
   * `egressIps`. Needs the package `@pulumi/awsx`. About $33 a month, and $0.045 a GB.
   * @default false
   */
  fixedEgress?: boolean;
}
