import type { Principals } from "./access/principals";
import type { Roles } from "./access/roles";
import type { Alarms } from "./alarms";
import type { RestApis } from "./api/rest-apis";
import type { Buckets } from "./buckets";
import type { Tables } from "./dynamodb/tables";
import type { Faults } from "./faults";
import type { Functions } from "./lambda/functions";
import type { Mappings } from "./mapping/mappings";
import type { Queues } from "./queues";
import type { Schedules } from "./schedules";
import type { Secrets } from "./secrets";
import type { Permission } from "./service";

/** What happens in the local cloud, for progress, summaries and tests. */
export type CloudEvent =
  /** The change stream of a table wrote a record. */
  | {
      readonly kind: "record";
      readonly at: number;
      readonly table: string;
      readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
      readonly keys: Readonly<Record<string, string>>;
    }
  /** A mapping handed a batch to its function. */
  | {
      readonly kind: "delivered";
      readonly at: number;
      readonly functionName: string;
      readonly records: readonly { readonly eventName: string; readonly keys: Readonly<Record<string, string>> }[];
      /** Records reported as failed, by index; all of them when the invocation failed. */
      readonly failed: readonly number[];
    }
  /** A line that a function wrote. */
  | {
      readonly kind: "log";
      readonly at: number;
      readonly functionName: string;
      readonly requestId?: string;
      readonly line: string;
    }
  | {
      readonly kind: "invocation";
      readonly at: number;
      readonly functionName: string;
      readonly requestId: string;
      readonly pid?: number;
      readonly phase: "start" | "end" | "error" | "timeout" | "killed" | "loop-stopped";
    }
  /** An AWS call, after policy check and faults. */
  | {
      readonly kind: "call";
      readonly at: number;
      /** Function name of the caller, or "operator". */
      readonly caller: string;
      /** `dynamodb:UpdateItem` */
      readonly action: string;
      readonly resource: string;
      readonly allowed: boolean;
      readonly status: number;
    };

export interface CloudOptions {
  /** Port of the AWS endpoint and the API; 0 or absent = any. */
  readonly port?: number;
  /** Folder that keeps tables, change streams and objects; absent = in memory. */
  readonly dataDir?: string;
  /** Time compression: functions that ask for Lambda's whole 900 s get this many, schedules run faster by the same factor (at most every second). */
  readonly hopSeconds?: number;
  readonly onEvent?: (event: CloudEvent) => void;
}

/** The local cloud behind the realisers. Grows with the services in this folder. */
export interface LocalCloud {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Credentials of the one who deploys and operates: allowed everything. */
  readonly operator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly principals: Principals;
  readonly roles: Roles;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly functions: Functions;
  readonly mappings: Mappings;
  readonly schedules: Schedules;
  readonly restApis: RestApis;
  readonly alarms: Alarms;
  readonly faults: Faults;
  /** Real seconds of a timeout that a program declares: shorter where hops are compressed. */
  timeoutSeconds(declared: number): number;
  /** Lets a role do something on behalf of an AWS service, and reports the call. */
  may(caller: string, roleArn: string, permission: Permission, quietly?: boolean): boolean;
  /** Stops schedules and mappings (after they delivered what is there), ends function processes, closes the endpoint. Safe to call twice. */
  close(): Promise<void>;
}
