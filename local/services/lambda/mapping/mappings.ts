import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Permission } from "../../../cloud/protocol";
import type { ChangeStream } from "../../dynamodb/change-stream";
import type { Functions } from "../functions";
import { type Mapping, type MappingContext, type MappingSpec, runMapping } from "./mapping";

/** Event source mappings by id. */
export interface Mappings {
  /** Starts a mapping, or continues it with new settings. @throws when the function's role cannot read the stream */
  put(spec: MappingSpec, stream: ChangeStream): Promise<void>;
  remove(id: string): Promise<void>;
  /** Resolves when all records of the streams are delivered, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  /** Stops all of them; resolves when the last invocation has ended. */
  close(): Promise<void>;
}

export interface MappingsOptions extends Pick<MappingContext, "putFailure" | "faults" | "emit"> {
  readonly functions: Functions;
  /** Checks the role of this function, and reports the call. */
  readonly authorize: (functionName: string, permission: Permission, quietly?: boolean) => boolean;
  readonly count: (mappingId: string, metric: string, value: number) => void;
  readonly dataDir?: string;
}

export function createMappings({ functions, authorize, count, dataDir, ...rest }: MappingsOptions): Mappings {
  const running = new Map<string, Mapping | undefined>();
  const folder = dataDir && join(dataDir, "mappings");
  if (folder) mkdirSync(folder, { recursive: true });
  const positions = new Map<string, number>();
  const fileOf = (id: string) => folder && join(folder, `${id}.json`);

  function savePosition(id: string, position: number): void {
    positions.set(id, position);
    const file = fileOf(id);
    if (file) writeFileSync(file, String(position));
  }

  function startOf({ id, startingPosition }: MappingSpec, stream: ChangeStream): number {
    const file = fileOf(id);
    if (positions.has(id)) return positions.get(id)!;
    if (file && existsSync(file)) return Number(readFileSync(file, "utf8"));
    return startingPosition === "LATEST" ? stream.end : stream.horizon;
  }

  async function stop(id: string): Promise<void> {
    await running.get(id)?.stop();
    running.delete(id);
  }

  return {
    async put(spec, stream) {
      const { functionName } = spec;
      for (const action of ["DescribeStream", "GetShardIterator", "GetRecords", "ListStreams"]) {
        const resource = action === "ListStreams" ? "*" : stream.arn;
        if (authorize(functionName, { action: `dynamodb:${action}`, resource })) continue;
        throw new Error(
          `Cannot access stream ${stream.arn}. Please ensure the role of ${functionName} can perform the GetRecords, ` +
            `GetShardIterator, DescribeStream, and ListStreams Actions on your stream: dynamodb:${action} is not allowed.`,
        );
      }
      await stop(spec.id);
      const position = startOf(spec, stream);
      savePosition(spec.id, position);
      if (!spec.enabled) return void running.set(spec.id, undefined);
      const mapping = runMapping(spec, {
        ...rest,
        stream,
        position,
        savePosition: (next) => savePosition(spec.id, next),
        invoke: (payload) => functions.invoke({ target: spec.functionArn, payload, caller: "mapping" }),
        authorize: (permission, quietly) => authorize(functionName, permission, quietly),
        count: (metric, value) => count(spec.id, metric, value),
      });
      running.set(spec.id, mapping);
    },
    async remove(id) {
      await stop(id);
      positions.delete(id);
      const file = fileOf(id);
      if (file) rmSync(file, { force: true });
    },
    async drain(timeoutMs) {
      await Promise.all([...running.values()].map((mapping) => mapping?.drain(timeoutMs)));
    },
    async close() {
      await Promise.all([...running.keys()].map(stop));
    },
  };
}
