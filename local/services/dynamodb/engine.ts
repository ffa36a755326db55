import { AwsError } from "../../cloud/aws-error";
import { refuseOthers, unsupported } from "../../cloud/unsupported";

/** Items in DynamoDB's own JSON: `{ "S": "text" }` and so on. */
export type Attribute = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, Attribute>>;
export type Parameters = Readonly<Record<string, unknown>>;

/** DynamoDB's table operations, without its streams. */
export interface Engine {
  /** Runs one operation. Input and output are as in DynamoDB's JSON protocol. @throws AwsError with DynamoDB's code */
  call(operation: string, input: Parameters): Promise<Record<string, unknown>>;
  /** Waits for the running operations. Later ones fail. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Folder of its files. @default in memory */
  readonly path?: string;
  readonly region: string;
  readonly accountId: string;
}

interface Store {
  readonly tableDb: { awsRegion: string; awsAccountId: string };
  readonly db: { close(callback: (error?: Error) => void): void };
}
type Action = (store: Store, data: unknown, done: (error: unknown, data: Record<string, unknown>) => void) => void;
interface Validation {
  readonly types: object;
  readonly custom: unknown;
}
interface Validations {
  toLowerFirst(name: string): string;
  checkTypes(data: unknown, types: unknown): unknown;
  checkValidations(data: unknown, types: unknown, custom: unknown, store: Store): void;
}

/**
 * dynalite, called in process with the three steps that its HTTP server takes for each request. Its server would add an HTTP
 * request to every write. The version is pinned, because these modules are not public.
 */
export function openEngine({ path, region, accountId }: EngineOptions): Engine {
  const { create } = require("dynalite/db") as { create(options: object): Store };
  const validations = require("dynalite/validations") as Validations;
  const store = create({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  Object.assign(store.tableDb, { awsRegion: region, awsAccountId: accountId });
  const running = new Set<Promise<unknown>>();
  let closed = false;

  /** dynalite throws outside every promise when its files close while an action runs. */
  function runAction(action: Action, data: unknown): Promise<Record<string, unknown>> {
    const result = new Promise<Record<string, unknown>>((resolve, reject) => {
      action(store, data, (error, output) => (error ? reject(error) : resolve(output)));
    });
    running.add(result);
    return result.finally(() => running.delete(result));
  }

  return {
    async call(operation, input) {
      if (closed) throw new AwsError("ServiceUnavailableException", 503, "The local DynamoDB is closed.");
      if (!OPERATIONS.has(operation)) throw unsupported("DynamoDB", operation);
      const name = validations.toLowerFirst(operation);
      const action = require(`dynalite/actions/${name}`) as Action;
      const { types, custom } = require(`dynalite/validations/${name}`) as Validation;
      refuseOthers("DynamoDB", operation, input, [...Object.keys(types), ...MODELLED_ELSEWHERE]);
      try {
        const data = validations.checkTypes({ ...input }, types);
        validations.checkValidations(data, types, custom, store);
        return await runAction(action, data);
      } catch (error) {
        throw asAwsError(error);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled(running);
      await new Promise<void>((resolve, reject) => store.db.close((error) => (error ? reject(error) : resolve())));
    },
  };
}

const OPERATIONS = new Set(
  (
    "BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeTable DescribeTimeToLive GetItem ListTables " +
    "PutItem Query Scan UpdateItem UpdateTable"
  ).split(" "),
);

/** Change capture returns the failed item, and every read is consistent here. */
const MODELLED_ELSEWHERE = ["ReturnValuesOnConditionCheckFailure", "ConsistentRead"];

function asAwsError(error: unknown): unknown {
  const { statusCode, body } = error as { statusCode?: number; body?: Record<string, string> };
  if (statusCode === undefined || body === undefined) return error;
  const code = (body.__type ?? "InternalServerError").split("#").pop()!;
  return new AwsError(code, statusCode, body.message ?? body.Message ?? "");
}
