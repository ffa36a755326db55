import { createHash } from "node:crypto";
import type { CloudOptions } from "../../local/cloud/cloud";
import type { CloudEvent } from "../../local/cloud/cloud-event";
import type { Archive } from "../../local/resources/archive";
import type { DeployedResource } from "../../local/resources/resource-handler";
import { type LocalCloud, resourceHandlers } from "../../local/services/services";
import { startLocalCloud } from "../../local/start-local-cloud";

type Outputs = Readonly<Record<string, string>>;

/** A local cloud for one test, with its events. */
export interface CloudFixture {
  readonly cloud: LocalCloud;
  readonly events: CloudEvent[];
  /** Region, endpoint and the operator's credentials, for SDK clients. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: LocalCloud["operator"];
  };
  create(type: string, name: string, inputs: object): Promise<Outputs>;
  /** A function with this code and a role with these permissions. */
  createFunction(name: string, code: string, options?: FunctionOptions): Promise<Outputs>;
  createTable(name: string, streamed?: boolean): Promise<Outputs>;
  /** Resolves to the first past or future event that the guard accepts. */
  seen<T extends CloudEvent>(guard: (event: CloudEvent) => event is T, count?: number): Promise<T[]>;
}

export interface FunctionOptions {
  readonly inputs?: object;
  readonly allow?: readonly { readonly Action: string | readonly string[]; readonly Resource: string }[];
}

export const LOG_RIGHTS = { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" };

export async function startFixture(options: CloudOptions = {}): Promise<CloudFixture> {
  const events: CloudEvent[] = [];
  const waiting = new Set<() => void>();
  const cloud = await startLocalCloud({
    ...options,
    onEvent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
  });

  async function create(type: string, name: string, inputs: object): Promise<Outputs> {
    const handler = resourceHandlers.get(type);
    if (handler === undefined) throw new Error(`No handler for ${type}.`);
    const { id, outputs }: DeployedResource = await handler.create(cloud, {
      urn: `urn:pulumi:test::test::${type}::${name}`,
      type,
      name,
      inputs: inputs as Record<string, unknown>,
    });
    return { ...(outputs as Outputs), id };
  }

  return {
    cloud,
    events,
    client: { endpoint: cloud.endpoint, region: cloud.region, credentials: cloud.operator },
    create,
    async createFunction(name, code, { inputs = {}, allow = [LOG_RIGHTS] } = {}) {
      const role = await create("aws:iam/role:Role", name, {});
      await create("aws:iam/rolePolicy:RolePolicy", name, {
        role: role.name,
        policy: JSON.stringify({ Statement: allow.map((statement) => ({ Effect: "Allow", ...statement })) }),
      });
      return create("aws:lambda/function:Function", name, {
        role: role.arn,
        runtime: "nodejs24.x",
        handler: "index.handler",
        timeout: 10,
        code: archive(code),
        ...inputs,
      });
    },
    createTable: (name, streamed = true) =>
      create("aws:dynamodb/table:Table", name, {
        hashKey: "id",
        attributes: [{ name: "id", type: "S" }],
        ...(streamed && { streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES" }),
      }),
    seen: (guard, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.filter(guard);
          if (found.length < count) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

export function archive(code: string): Archive {
  const files = new Map([["index.js", Buffer.from(code)]]);
  return { kind: "archive", hash: createHash("sha256").update(code).digest("hex"), files };
}

type Kind<K extends CloudEvent["kind"]> = Extract<CloudEvent, { kind: K }>;

export const isLog = (event: CloudEvent): event is Kind<"log"> => event.kind === "log";
export const isInit = (event: CloudEvent): event is Kind<"init"> => event.kind === "init";
export const isDelivery = (event: CloudEvent): event is Kind<"delivered"> => event.kind === "delivered";
export const isPhase =
  (phase: Kind<"invocation">["phase"]) =>
  (event: CloudEvent): event is Kind<"invocation"> =>
    event.kind === "invocation" && event.phase === phase;
