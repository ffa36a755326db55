import { AwsError } from "../../cloud/aws-error";
import type { Attribute, Engine, Item, Parameters } from "./engine";

/** One item before and after a write. Absent: it does not exist. */
export interface Change {
  readonly table: string;
  readonly keys: Item;
  readonly before?: Item;
  readonly after?: Item;
}

/** {@link Engine.call} with the invocation that calls, which is reported with each change. */
export type CapturedCall = (
  operation: string,
  input: Parameters,
  requestId?: string,
) => Promise<Record<string, unknown>>;

export type ChangeName = "INSERT" | "MODIFY" | "REMOVE";

/** The `eventName` of a change. A write that changes nothing has none. */
export function nameChange({ before, after }: Pick<Change, "before" | "after">): ChangeName | undefined {
  if (after === undefined) return before === undefined ? undefined : "REMOVE";
  if (before === undefined) return "INSERT";
  return canonical(before) === canonical(after) ? undefined : "MODIFY";
}

/** What change capture uses of a table. */
export interface CapturedTable {
  readonly keyNames: readonly string[];
  /** Whether it has a stream. */
  readonly streamed: boolean;
}

interface Target {
  readonly table: string;
  readonly keys: Item;
  /** Absent: known only after the write. `null`: the item is deleted. */
  readonly after?: Item | null;
}

/**
 * Adds a change stream to the engine. Writes to a table with a stream run one after the other. The items are read before
 * each write, and the changes are reported in the order of the requests.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
export function captureChanges(
  engine: Engine,
  tableOf: (name: string) => CapturedTable | undefined,
  onChange: (change: Change, requestId: string | undefined) => void,
): CapturedCall {
  const queues = new Map<string, Promise<unknown>>();

  async function write(operation: string, input: Parameters, targets: readonly Target[], requestId?: string) {
    const before = await readAll(targets);
    const output = await engine.call(operation, input).catch((error: unknown) => {
      throw withFailedItem(error, input, before[0]);
    });
    const unknown = targets.filter((target) => target.after === undefined);
    const updated = await readAll(unknown);
    for (const [index, target] of targets.entries()) {
      const after = target.after === undefined ? updated[unknown.indexOf(target)] : (target.after ?? undefined);
      if (tableOf(target.table)?.streamed) {
        onChange({ table: target.table, keys: target.keys, before: before[index], after }, requestId);
      }
    }
    return output;
  }

  /** The current items, in the order of the targets. One call is enough for a batch. */
  async function readAll(targets: readonly Target[]): Promise<(Item | undefined)[]> {
    if (targets.length === 0) return [];
    const tables = [...new Set(targets.map(({ table }) => table))];
    const RequestItems = Object.fromEntries(
      tables.map((name) => {
        const keys = new Map(
          targets.filter(({ table }) => table === name).map((target) => [canonical(target.keys), target.keys]),
        );
        return [name, { Keys: [...keys.values()], ConsistentRead: true }];
      }),
    );
    const { Responses } = await engine.call("BatchGetItem", { RequestItems });
    const found = new Map<string, Item>();
    for (const [name, items] of Object.entries(Responses as Record<string, Item[]>)) {
      const keyNames = tableOf(name)?.keyNames ?? [];
      for (const item of items) found.set(name + canonical(pick(item, keyNames)), item);
    }
    return targets.map(({ table, keys }) => found.get(table + canonical(keys)));
  }

  /** Runs `work` after the pending writes to these tables. */
  function enqueue<T>(tables: readonly string[], work: () => Promise<T>): Promise<T> {
    const done = Promise.all(tables.map((table) => queues.get(table))).then(work);
    for (const table of tables)
      queues.set(
        table,
        done.catch(() => {}),
      );
    return done;
  }

  return async (operation, input, requestId) => {
    const targets = targetsOf(operation, input, (table) => tableOf(table)?.keyNames ?? []);
    const tables = [...new Set(targets.map(({ table }) => table))];
    const observed =
      input.ReturnValuesOnConditionCheckFailure !== undefined || tables.some((name) => tableOf(name)?.streamed);
    return observed
      ? enqueue(tables, () => write(operation, input, targets, requestId))
      : engine.call(operation, input);
  };
}

type KeyNames = (table: string) => readonly string[];

/** The items that an operation writes. None for a read, or for a malformed request, which the engine rejects. */
function targetsOf(operation: string, input: Parameters, keyNames: KeyNames): Target[] {
  const targets = writesOf(operation, input).map(({ table, item, after }): Target => {
    return { table, keys: pick(item, keyNames(table)), after };
  });
  const complete = ({ table, keys }: Target) => keyNames(table).length === Object.keys(keys).length;
  return targets.every(complete) ? targets.filter(({ keys }) => Object.keys(keys).length > 0) : [];
}

interface Write {
  readonly table: string;
  /** The item, or its key. */
  readonly item: Item;
  readonly after?: Item | null;
}

interface BatchRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

function writesOf(operation: string, input: Parameters): Write[] {
  const table = String(input.TableName);
  const put = (name: string, item = {} as Item): Write => ({ table: name, item, after: item });
  const remove = (name: string, item = {} as Item): Write => ({ table: name, item, after: null });
  switch (operation) {
    case "PutItem":
      return [put(table, input.Item as Item)];
    case "DeleteItem":
      return [remove(table, input.Key as Item)];
    case "UpdateItem":
      return [{ table, item: (input.Key ?? {}) as Item }];
    case "BatchWriteItem":
      return Object.entries((input.RequestItems ?? {}) as Record<string, BatchRequest[]>).flatMap(([name, requests]) =>
        requests.map(({ PutRequest, DeleteRequest }) =>
          PutRequest ? put(name, PutRequest.Item) : remove(name, DeleteRequest?.Key),
        ),
      );
    default:
      return [];
  }
}

/** Adds the item for `ReturnValuesOnConditionCheckFailure`, which the engine does not support. */
function withFailedItem(error: unknown, input: Parameters, item: Item | undefined): unknown {
  if (!(error instanceof AwsError) || error.code !== "ConditionalCheckFailedException") return error;
  if (input.ReturnValuesOnConditionCheckFailure !== "ALL_OLD" || item === undefined) return error;
  return new AwsError(error.code, error.status, error.message, { Item: item });
}

function pick(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
}

/** Returns equal text for equal items: sorted attributes and sets, normalized numbers. */
function canonical(item: Item): string {
  const entries = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, attribute]) => `${JSON.stringify(name)}:${canonicalAttribute(attribute)}`).join()}}`;
}

function canonicalAttribute(attribute: Attribute): string {
  const [[type, value] = ["", undefined]] = Object.entries(attribute);
  switch (type) {
    case "N":
      return `N${canonicalNumber(String(value))}`;
    case "M":
      return canonical(value as Item);
    case "L":
      return `[${(value as Attribute[]).map(canonicalAttribute).join()}]`;
    case "NS":
      return `NS${(value as string[]).map(canonicalNumber).sort().join()}`;
    case "SS":
    case "BS":
      return type + JSON.stringify([...(value as string[])].sort());
    default:
      return type + JSON.stringify(value);
  }
}

/** The significant digits and their exponent. DynamoDB keeps 38 digits, more than a double. */
function canonicalNumber(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign === "-" ? "-" : ""}${significant}e${power}`;
}
