import { createHash, randomBytes } from "node:crypto";

/** Lambda ends a chain in which one function runs more often than this. */
export const MAX_RECURSION = 16;

/**
 * Lambda counts a function's invocations in one chain in the `Lineage` field of the trace header, which the AWS SDK
 * forwards from one invocation to the next.
 */
export interface Chain {
  /** The header for the next invocation. */
  readonly traceId: string;
  /** Number of invocations of this function in the chain, including this one. */
  readonly count: number;
}

/** Adds an invocation of `functionArn` to a chain. @param header trace header of the invoke call; absent: a new chain */
export function continueChain(header: string | undefined, functionArn: string): Chain {
  const fields = parseHeader(header ?? "");
  const counts = parseLineage(fields.get("Lineage") ?? "");
  const id = createHash("sha256").update(functionArn).digest("hex").slice(0, 8);
  const count = (counts.get(id) ?? 0) + 1;
  counts.set(id, count);
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  const root = fields.get("Root") ?? `1-${seconds}-${randomBytes(12).toString("hex")}`;
  const lineage = [...counts].map(([name, times]) => `${name}:${times}`).join("|");
  const parent = randomBytes(8).toString("hex");
  return { traceId: `Root=${root};Parent=${parent};Sampled=0;Lineage=${lineage}`, count };
}

function parseHeader(header: string): Map<string, string> {
  return new Map(header.split(";").map((field) => [field.split("=")[0]!.trim(), field.split("=")[1] ?? ""]));
}

function parseLineage(lineage: string): Map<string, number> {
  const parts = lineage.split("|").map((part) => part.split(":"));
  return new Map(parts.flatMap(([id, times]) => (id && Number(times) > 0 ? [[id, Number(times)]] : [])));
}
