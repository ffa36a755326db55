import type { IncomingMessage, ServerResponse } from "node:http";
import type { Credentials, Principals } from "./access/principals";
import type { CloudEvent } from "./cloud-event";
import type { Faults } from "./faults";

export interface CloudOptions {
  /** Port of the AWS endpoint and the API. @default 0: any free port */
  readonly port?: number;
  /** Folder for tables, change streams and objects. @default in memory */
  readonly dataDir?: string;
  /**
   * Compresses time: a function with Lambda's maximum timeout of 900 s gets this many seconds, and schedules run faster by
   * the same factor, at most every second.
   */
  readonly hopSeconds?: number;
  /** Folder of the program. Functions find the AWS SDK, which Lambda provides, in its packages. @default the working directory */
  readonly programFolder?: string;
  /** Whether a function whose new code cannot be loaded keeps its old code, unlike on AWS. @default false */
  readonly keepWorkingCode?: boolean;
  readonly onEvent?: (event: CloudEvent) => void;
  /** Serves a request of the endpoint that is not for a service of AWS, for example a web page. False: it does not. */
  readonly onRequest?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** What every service of the local cloud uses. The services add their models (`services/services.ts`). */
export interface Cloud {
  /** `http://127.0.0.1:PORT`; the port is known once the cloud has started. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Credentials of the operator, who is allowed every action. */
  readonly operator: Credentials;
  readonly principals: Principals;
  readonly faults: Faults;
  readonly dataDir?: string;
  readonly programFolder: string;
  readonly keepWorkingCode: boolean;
  /** Factor on wait times: below 1 with `hopSeconds`. */
  readonly timeScale: number;
  /** Seconds that a declared timeout takes here: fewer with `hopSeconds`. */
  timeoutSeconds(declared: number): number;
  readonly emit: (event: CloudEvent) => void;
  /** Stops schedules and mappings once they have delivered all records, ends function processes, closes the endpoint. Safe to call twice. */
  close(): Promise<void>;
}
