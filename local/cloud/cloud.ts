import type { Credentials, Principals } from "./access/principals";
import type { CloudEvent } from "./cloud-event";
import type { Faults } from "./faults";

export interface CloudOptions {
  /** Port of the AWS endpoint and the API; 0 or absent = any. */
  readonly port?: number;
  /** Folder that keeps tables, change streams and objects; absent = in memory. */
  readonly dataDir?: string;
  /** Time compression: functions that ask for Lambda's whole 900 s get this many, schedules run faster by the same factor (at most every second). */
  readonly hopSeconds?: number;
  readonly onEvent?: (event: CloudEvent) => void;
}

/** What every service of the local cloud uses; the services add what they keep (`services/services.ts`). */
export interface Cloud {
  /** `http://127.0.0.1:PORT`; the port is known once the cloud has started. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Credentials of the one who deploys and operates: allowed everything. */
  readonly operator: Credentials;
  readonly principals: Principals;
  readonly faults: Faults;
  readonly dataDir?: string;
  /** Share of real time that waits take: below 1 where hops are compressed. */
  readonly timeScale: number;
  /** Real seconds of a timeout that a program declares: shorter where hops are compressed. */
  timeoutSeconds(declared: number): number;
  readonly emit: (event: CloudEvent) => void;
  /** Stops schedules and mappings (after they delivered what is there), ends function processes, closes the endpoint. Safe to call twice. */
  close(): Promise<void>;
}
