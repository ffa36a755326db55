import { randomBytes } from "node:crypto";
import type { LocalCloud } from "../aws/cloud";
import type { Realised, Realiser, ResourceInput } from "./realiser";

/** A realiser whose create and update are one: bring the resource to what its inputs say. */
export interface Definition<Inputs> extends Pick<Realiser, "inputs" | "secretOutputs"> {
  readonly replaceOn?: readonly string[];
  /** @param before absent = there is no such resource yet; else it keeps this id, also where the process is new and remembers nothing */
  put(cloud: LocalCloud, resource: Defined<Inputs>, before?: Realised): Result | Promise<Result>;
  /** What exists under an id; types that a refresh or an import looks up have it. Inputs are remembered besides. */
  lookUp?(cloud: LocalCloud, id: string): Result | undefined;
  /** Absent: nothing remains to be removed. */
  remove?(cloud: LocalCloud, id: string, outputs: Readonly<Record<string, unknown>>): void | Promise<void>;
}

export interface Defined<Inputs> extends Omit<ResourceInput, "inputs"> {
  readonly inputs: Inputs;
}

/** What AWS would compute, beside the inputs. */
export interface Result {
  readonly id: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export function define<Inputs extends object>(definition: Definition<Inputs>): Realiser {
  const { inputs, replaceOn = [], secretOutputs, put, remove, lookUp } = definition;
  /** Settings that mean nothing here, but are compared when somebody takes a retained resource over again. */
  const settings = new WeakMap<LocalCloud, Map<string, ResourceInput["inputs"]>>();
  const settingsOf = (cloud: LocalCloud) => {
    const known = settings.get(cloud) ?? new Map<string, ResourceInput["inputs"]>();
    settings.set(cloud, known);
    return known;
  };
  async function realise(cloud: LocalCloud, resource: ResourceInput, before?: Realised): Promise<Realised> {
    const { id, outputs } = await put(cloud, { ...resource, inputs: resource.inputs as Inputs }, before);
    if (lookUp) settingsOf(cloud).set(id, resource.inputs);
    return { id, outputs: { region: cloud.region, ...resource.inputs, ...outputs } };
  }
  return {
    inputs,
    replaceOn,
    secretOutputs,
    create: (cloud, resource) => realise(cloud, resource),
    update: (cloud, id, before, resource) => realise(cloud, resource, { ...before, id }),
    delete: async (cloud, id, { outputs }) => remove?.(cloud, id, outputs),
    read:
      lookUp &&
      (async (cloud, id) => {
        const found = lookUp(cloud, id);
        return found && { id, outputs: { region: cloud.region, ...settingsOf(cloud).get(id), ...found.outputs } };
      }),
  };
}

/** The name that is asked for, or the Pulumi name with a random end, as Pulumi names things itself. */
export function physicalName(asked: string | undefined, name: string, maxLength = 64): string {
  if (asked !== undefined) return asked;
  const end = randomBytes(4).toString("hex").slice(0, 7);
  return `${name.slice(0, maxLength - end.length - 1)}-${end}`;
}

/** A resource that does nothing here beyond being there. */
export function inert(
  inputs: readonly string[],
  replaceOn: readonly string[],
  describe: (cloud: LocalCloud, resource: ResourceInput) => Result,
): Realiser {
  return define<Readonly<Record<string, unknown>>>({
    inputs,
    replaceOn,
    put: (cloud, resource, before) => {
      const described = describe(cloud, resource);
      return before === undefined
        ? described
        : { id: before.id, outputs: { ...described.outputs, ...kept(before, described) } };
    },
  });
}

/** What was computed once stays: names and ARNs with a random end. */
function kept({ outputs }: Realised, described: Result): Record<string, unknown> {
  return Object.fromEntries(Object.keys(described.outputs ?? {}).map((name) => [name, outputs[name]]));
}
