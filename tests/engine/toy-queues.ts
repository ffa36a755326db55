import type { Realised, Realiser } from "../../local/resources/realiser";

export interface ToyQueues {
  readonly realisers: ReadonlyMap<string, Realiser>;
  /** `create NAME`, `update NAME`, `delete ID`, in their order. */
  readonly calls: string[];
  /** Last inputs by name. */
  readonly inputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  inputsOf(name: string): Readonly<Record<string, unknown>>;
  /** As if somebody made one by hand. */
  add(id: string, outputs: Readonly<Record<string, unknown>>): void;
  /** As if somebody deleted it by hand. */
  forget(name: string): void;
}

/** A realiser of queues that lives in a map: what the provider needs to be tested without a cloud. */
export function toyQueues(): ToyQueues {
  const calls: string[] = [];
  const inputs = new Map<string, Readonly<Record<string, unknown>>>();
  const alive = new Map<string, Realised>();
  let count = 0;

  const keep = (id: string, name: string, values: Readonly<Record<string, unknown>>): Realised => {
    inputs.set(name, values);
    const realised: Realised = { id, outputs: { ...values, arn: `arn:${name}`, url: `token of ${name}` } };
    alive.set(id, realised);
    return realised;
  };
  const realiser: Realiser = {
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
    realisers: new Map([["aws:sqs/queue:Queue", realiser]]),
    calls,
    inputs,
    inputsOf: (name) => inputs.get(name) ?? {},
    add: (id, outputs) => alive.set(id, { id, outputs }),
    forget: (name) => {
      for (const id of alive.keys()) if (id.startsWith(`${name}-`)) alive.delete(id);
    },
  };
}
