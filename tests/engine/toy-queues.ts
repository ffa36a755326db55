import type { DeployedResource, ResourceHandler } from "../../local/resources/resource-handler";
import type { LocalCloud } from "../../local/services/services";

export interface ToyQueues {
  readonly resourceHandlers: ReadonlyMap<string, ResourceHandler<LocalCloud>>;
  /** `create NAME`, `update NAME`, `delete ID`, in their order. */
  readonly calls: string[];
  /** Last inputs by name. */
  readonly inputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  inputsOf(name: string): Readonly<Record<string, unknown>>;
  /** Adds a queue outside of Pulumi. */
  add(id: string, outputs: Readonly<Record<string, unknown>>): void;
  /** Deletes a queue outside of Pulumi. */
  forget(name: string): void;
}

/** A handler of queues in memory, for tests of the provider without a cloud. */
export function toyQueues(): ToyQueues {
  const calls: string[] = [];
  const inputs = new Map<string, Readonly<Record<string, unknown>>>();
  const alive = new Map<string, DeployedResource>();
  let count = 0;

  const keep = (id: string, name: string, values: Readonly<Record<string, unknown>>): DeployedResource => {
    inputs.set(name, values);
    const deployed: DeployedResource = { id, outputs: { ...values, arn: `arn:${name}`, url: `token of ${name}` } };
    alive.set(id, deployed);
    return deployed;
  };
  const handler: ResourceHandler<LocalCloud> = {
    inputs: ["fifoQueue", "policy", "delaySeconds", "code"],
    replaceOn: ["fifoQueue"],
    secretOutputs: ["url"],
    create: async (_, { name, inputs: values }) => {
      if (values.policy === "broken") throw new Error("the policy is broken");
      calls.push(`create ${name}`);
      count += 1;
      return keep(`${name}-${count}`, name, values);
    },
    update: async (_, id, __, { name, inputs: values }) => {
      calls.push(`update ${name}`);
      return keep(id, name, values);
    },
    delete: async (_, id) => {
      calls.push(`delete ${id}`);
      alive.delete(id);
    },
    read: async (_, id) => alive.get(id),
  };
  return {
    resourceHandlers: new Map([["aws:sqs/queue:Queue", handler]]),
    calls,
    inputs,
    inputsOf: (name) => inputs.get(name) ?? {},
    add: (id, outputs) => alive.set(id, { id, outputs }),
    forget: (name) => {
      for (const id of alive.keys()) if (id.startsWith(`${name}-`)) alive.delete(id);
    },
  };
}
