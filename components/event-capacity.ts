import * as aws from "@pulumi/aws";
import { BillingMode, type EventsArgs, type EventsBillingArgs } from "./args";
import { expectThat, integer, oneOf, onlyKeys } from "./expect";
import type { Scope } from "./scope";
import { transformed } from "./transform";

/** What the event table can write and read. */
export interface EventCapacity {
  /** Absent: what a new table has. */
  readonly warmWriteUnits?: number;
  /** Absent: on demand. */
  readonly provisioned?: Provisioned;
}

/** Limits in units per second. */
interface Provisioned {
  readonly write: Limits;
  readonly read: Limits;
  /** Percentage of the capacity in use that autoscaling keeps. */
  readonly utilization: number;
}

interface Limits {
  readonly min: number;
  readonly max: number;
}

const MAX_UNITS = 1_000_000;
/** A new table's capacity, below which DynamoDB refuses a value. */
const NEW_TABLE = { write: 4_000, read: 12_000 };
const DEFAULTS = { minWriteUnits: 5, maxWriteUnits: 1_000, minReadUnits: 5, maxReadUnits: 100, utilization: 70 };
const EXAMPLE = '{ mode: "provisioned", minWriteUnits: 100, maxWriteUnits: 4000 }';

/** Checks the arguments and adds the defaults. @throws Error that names the argument, the value and what is allowed */
export function eventCapacity({ billing, warmThroughput, table }: EventsArgs): EventCapacity {
  const own = { billing, warmThroughput };
  const set = Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [`events.${name}`]));
  expectThat(
    table === undefined || set.length === 0,
    "`events.table` without the capacity of a new table: set it where that table is defined",
    `it with ${set.join(", ")}`,
  );
  return {
    ...(warmThroughput !== undefined && {
      warmWriteUnits: integer("events.warmThroughput", warmThroughput, NEW_TABLE.write, MAX_UNITS),
    }),
    ...(billing !== undefined && provisioned(billing)),
  };
}

function provisioned(args: EventsBillingArgs): Pick<EventCapacity, "provisioned"> {
  onlyKeys("events.billing", args, ["mode", ...Object.keys(DEFAULTS)], EXAMPLE);
  const { mode = BillingMode.onDemand, ...own } = args;
  const limits = Object.keys(own).map((name) => `\`${name}\``);
  if (oneOf("events.billing.mode", BillingMode, mode) === BillingMode.onDemand) {
    expectThat(limits.length === 0, '`events.billing` without limits for `mode: "on-demand"`', limits.join(", "));
    return {};
  }
  const { minWriteUnits, maxWriteUnits, minReadUnits, maxReadUnits, utilization } = { ...DEFAULTS, ...own };
  const between = (what: string, min: number, max: number): Limits => ({
    min: integer(`events.billing.min${what}Units`, min, 1, MAX_UNITS),
    max: integer(`events.billing.max${what}Units`, max, min, MAX_UNITS),
  });
  return {
    provisioned: {
      write: between("Write", minWriteUnits, maxWriteUnits),
      read: between("Read", minReadUnits, maxReadUnits),
      utilization: integer("events.billing.utilization", utilization, 20, 90),
    },
  };
}

/** The arguments of the table. The capacity is that of the first deployment; afterwards, autoscaling sets it. */
export function capacityArgs({ warmWriteUnits, provisioned }: EventCapacity): Partial<aws.dynamodb.TableArgs> {
  return {
    ...(provisioned && {
      billingMode: "PROVISIONED",
      writeCapacity: provisioned.write.min,
      readCapacity: provisioned.read.min,
    }),
    ...(warmWriteUnits !== undefined && {
      warmThroughput: { writeUnitsPerSecond: warmWriteUnits, readUnitsPerSecond: NEW_TABLE.read },
    }),
  };
}

/** Attributes that autoscaling changes, so that a deployment does not change them back. */
export const scaledAttributes = ({ provisioned }: EventCapacity): string[] =>
  provisioned === undefined ? [] : ["readCapacity", "writeCapacity"];

/** Scales the table with its load, between the limits. */
export function scaleCapacity(scope: Scope, table: aws.dynamodb.Table, { provisioned }: EventCapacity): void {
  if (provisioned === undefined) return;
  for (const kind of ["write", "read"] as const) {
    const { min: minCapacity, max: maxCapacity } = provisioned[kind];
    const title = kind === "write" ? "Write" : "Read";
    const targetName = `${scope.name}-events-${kind}-capacity`;
    const target = new aws.appautoscaling.Target(
      targetName,
      transformed<aws.appautoscaling.TargetArgs>(scope, "scalingTargets", targetName, {
        serviceNamespace: "dynamodb",
        resourceId: table.name.apply((tableName) => `table/${tableName}`),
        scalableDimension: `dynamodb:table:${title}CapacityUnits`,
        minCapacity,
        maxCapacity,
        tags: scope.tags,
      }),
      { parent: scope.parent },
    );
    const policyName = `${scope.name}-events-${kind}-scaling`;
    new aws.appautoscaling.Policy(
      policyName,
      transformed<aws.appautoscaling.PolicyArgs>(scope, "scalingPolicies", policyName, {
        policyType: "TargetTrackingScaling",
        serviceNamespace: target.serviceNamespace,
        resourceId: target.resourceId,
        scalableDimension: target.scalableDimension,
        targetTrackingScalingPolicyConfiguration: {
          targetValue: provisioned.utilization,
          predefinedMetricSpecification: { predefinedMetricType: `DynamoDB${title}CapacityUtilization` },
        },
      }),
      { parent: scope.parent },
    );
  }
}
