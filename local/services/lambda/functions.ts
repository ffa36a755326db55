import { randomUUID } from "node:crypto";
import type { Statement } from "../../cloud/access/policy";
import { AwsError } from "../../cloud/aws-error";
import type { Faults } from "../../cloud/faults";
import type { InvocationResult } from "./environment";
import { createPool, type FunctionPool, type PoolContext } from "./function-pool";
import { type AsyncSettings, DEFAULT_ASYNC, type FunctionSpec } from "./function-spec";
import { continueChain, MAX_RECURSION } from "./recursion";

export interface InvokeCall {
  /** Name or ARN. */
  readonly target: string;
  /** JSON. */
  readonly payload: string;
  /** The caller's name in events and faults. */
  readonly caller: string;
  /** Trace header of the invoke call. Absent: a new chain. */
  readonly traceId?: string;
}

export interface EnvironmentView {
  readonly pid: number;
  readonly busy: boolean;
  readonly requestId?: string;
}

/** Lambda: functions, their environments, and the queue of asynchronous invocations. */
export interface Functions {
  /**
   * Deploys a function. An update starts new environments. With `keepWorkingCode` they serve once the new code is loaded; code that
   * cannot be loaded never does.
   */
  put(spec: FunctionSpec): void;
  remove(name: string): void;
  /** By name or ARN. */
  find(target: string): FunctionSpec | undefined;
  /** `undefined`: Lambda's defaults. */
  setAsync(name: string, settings: AsyncSettings | undefined): void;
  /** Whether Lambda's recursive loop detection ends a chain of this function. */
  setRecursion(name: string, loop: "Allow" | "Terminate"): void;
  /** Sets a statement of the function's resource-based policy. */
  setPermission(name: string, id: string, statement: Statement | undefined): void;
  permissionsOf(target: string): readonly Statement[];
  /** Loads the code of a function before its first invocation. */
  prepare(name: string): Promise<boolean>;
  /** Resolves to whether the code of the last update could be loaded, as soon as that is known. */
  loaded(name: string): Promise<boolean>;
  /** A debugger can attach to the function on this port of 127.0.0.1, also after updates. One environment serves, without a timeout. */
  inspect(name: string, port: number): void;
  /** Invokes synchronously. @throws AwsError when the function does not exist or is throttled, or the chain is ended */
  invoke(call: InvokeCall): Promise<InvocationResult & { readonly requestId: string }>;
  /** Accepts an asynchronous invocation, which is retried according to the settings. */
  invokeAsync(call: InvokeCall): void;
  environments(name: string): readonly EnvironmentView[];
  close(): Promise<void>;
}

export interface FunctionsOptions extends PoolContext {
  readonly faults: Faults;
  /** Factor on wait times: below 1 with `hopSeconds`. */
  readonly timeScale: number;
  readonly keepWorkingCode: boolean;
}

interface Deployed {
  pool: FunctionPool;
  /** Replaces `pool` when its code is loaded. */
  next?: FunctionPool;
  loaded: Promise<boolean>;
  async: AsyncSettings;
  allowsRecursion: boolean;
  inspectPort?: number;
  readonly permissions: Map<string, Statement>;
}

const RETRY_WAITS_MS = [60_000, 120_000];
const THROTTLED_WAIT_MS = 1_000;
const MIN_WAIT_MS = 50;

export function createFunctions(options: FunctionsOptions): Functions {
  const { emit, faults, timeScale } = options;
  const functions = new Map<string, Deployed>();
  const retired = new Set<FunctionPool>();
  const waits = new Set<NodeJS.Timeout>();
  let closed = false;

  const nameOf = (target: string) => /(?:^|:)function:([^:]+)/.exec(target)?.[1] ?? target.split(":")[0]!;
  function deployed(target: string): Deployed {
    const found = functions.get(nameOf(target));
    if (found === undefined) {
      throw new AwsError("ResourceNotFoundException", 404, `Function not found: ${target}`);
    }
    return found;
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waits.delete(timer);
        resolve();
      }, ms);
      waits.add(timer);
    });
  }
  const scaled = (ms: number) => Math.max(MIN_WAIT_MS, ms * timeScale);

  /** Starts an invocation, unless loop detection ends its chain. */
  function start(
    { pool, allowsRecursion }: Deployed,
    call: InvokeCall,
    requestId: string,
  ): Promise<InvocationResult> | "throttled" | "loop" {
    const { name, arn } = pool.spec;
    const chain = continueChain(call.traceId, arn);
    if (chain.count > MAX_RECURSION && !allowsRecursion) {
      emit({ kind: "invocation", at: Date.now(), functionName: name, requestId, phase: "loop-stopped" });
      return "loop";
    }
    return pool.run({ requestId, functionArn: arn, traceId: chain.traceId, event: call.payload }) ?? "throttled";
  }

  /** Runs one asynchronous invocation until it succeeds or is discarded. */
  async function deliver(call: InvokeCall): Promise<void> {
    const accepted = Date.now();
    const requestId = randomUUID();
    for (let failures = 0; !closed; ) {
      const target = functions.get(nameOf(call.target));
      if (target === undefined) return;
      const running = start(target, call, requestId);
      if (running === "loop") return;
      const { maximumRetryAttempts, maximumEventAgeSeconds } = target.async;
      if (running === "throttled") await wait(scaled(THROTTLED_WAIT_MS));
      else {
        const { phase } = await running;
        if (phase === "end" || failures >= maximumRetryAttempts) return;
        await wait(scaled(RETRY_WAITS_MS[Math.min(failures, 1)]!));
        failures += 1;
      }
      if (Date.now() - accepted > Math.max(1000, scaled(maximumEventAgeSeconds * 1000))) return;
    }
  }

  function replace(deployment: Deployed, pool: FunctionPool): void {
    /** A process listens on its port until it ends. */
    const before = Promise.all(deployment.pool.environments.map(({ exited }) => exited));
    deployment.pool.retire();
    retired.add(deployment.pool);
    retired.delete(pool);
    deployment.pool = pool;
    const { inspectPort } = deployment;
    if (inspectPort !== undefined) void before.then(() => pool.inspect(inspectPort));
  }

  return {
    put(spec) {
      const before = functions.get(spec.name);
      const pool = createPool(spec, options);
      if (before === undefined) {
        const loaded = Promise.resolve(true);
        functions.set(spec.name, {
          pool,
          loaded,
          async: DEFAULT_ASYNC,
          allowsRecursion: false,
          permissions: new Map(),
        });
        return;
      }
      before.next?.retire();
      before.next = undefined;
      if (!options.keepWorkingCode) return replace(before, pool);
      before.next = pool;
      retired.add(pool);
      before.loaded = pool.prepare();
      void before.loaded.then((loaded) => {
        if (before.next !== pool) return;
        before.next = undefined;
        if (loaded) replace(before, pool);
        else pool.retire();
      });
    },
    remove(name) {
      const { pool, next } = functions.get(name) ?? {};
      functions.delete(name);
      next?.retire();
      if (pool === undefined) return;
      retired.add(pool);
      void pool.kill();
    },
    find: (target) => functions.get(nameOf(target))?.pool.spec,
    setAsync(name, settings) {
      deployed(name).async = settings ?? DEFAULT_ASYNC;
    },
    setRecursion(name, loop) {
      deployed(name).allowsRecursion = loop === "Allow";
    },
    setPermission(name, id, statement) {
      const { permissions } = deployed(name);
      if (statement === undefined) permissions.delete(id);
      else permissions.set(id, statement);
    },
    permissionsOf: (target) => [...(functions.get(nameOf(target))?.permissions.values() ?? [])],
    prepare: (name) => deployed(name).pool.prepare(),
    loaded: (name) => deployed(name).loaded,
    inspect(name, port) {
      const deployment = deployed(name);
      deployment.inspectPort = port;
      deployment.pool.inspect(port);
    },
    async invoke(call) {
      const requestId = randomUUID();
      const running = start(deployed(call.target), call, requestId);
      if (running === "throttled") throw new AwsError("TooManyRequestsException", 429, "Rate Exceeded.");
      if (running === "loop") {
        throw new AwsError(
          "RecursiveInvocationException",
          400,
          `Lambda ended a loop of more than ${MAX_RECURSION} invocations.`,
        );
      }
      return { ...(await running), requestId };
    },
    invokeAsync(call) {
      const { arn } = deployed(call.target).pool.spec;
      const { caller, payload: body } = call;
      const fault = faults.take({ action: "lambda:DeliverEvent", caller, resource: arn, body });
      if (fault?.kind === "lose") return;
      const first = fault?.kind === "delay" ? wait(fault.ms) : Promise.resolve();
      void first.then(() => deliver(call));
      if (fault?.kind === "repeat") void deliver(call);
    },
    environments: (name) =>
      (functions.get(name)?.pool.environments ?? []).map(({ pid, busy, requestId }) => ({ pid, busy, requestId })),
    async close() {
      closed = true;
      for (const timer of waits) clearTimeout(timer);
      await Promise.all([...[...functions.values()].map(({ pool }) => pool), ...retired].map((pool) => pool.kill()));
    },
  };
}
