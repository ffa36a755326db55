import { randomBytes } from "node:crypto";
import type { DeployedResource, ResourceHandler, ResourceInput } from "./resource-handler";

/** A handler whose create and update are one: bring the resource to what its inputs say. */
export interface Definition<C, Inputs> extends Pick<ResourceHandler<C>, "inputs" | "secretOutputs"> {
  readonly replaceOn?: readonly string[];
  /** @param before absent = there is no such resource yet; else it keeps this id, also where the process is new and remembers nothing */
  put(cloud: C, resource: Defined<Inputs>, before?: DeployedResource): Computed | Promise<Computed>;
  /** What exists under an id; types that a refresh or an import looks up have it. Inputs are remembered as well. */
  lookUp?(cloud: C, id: string): Computed | undefined;
  /** Absent: nothing remains to be removed. */
  remove?(cloud: C, id: string, outputs: Readonly<Record<string, unknown>>): void | Promise<void>;
}

export interface Defined<Inputs> extends Omit<ResourceInput, "inputs"> {
  readonly inputs: Inputs;
}

/** What AWS would compute, in addition to the inputs. */
export interface Computed {
  readonly id: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The one thing that every cloud has here. */
interface InRegion {
  readonly region: string;
}

export function define<C extends InRegion, Inputs extends object>(
  definition: Definition<C, Inputs>,
): ResourceHandler<C> {
  const { inputs, replaceOn = [], secretOutputs, put, remove, lookUp } = definition;
  /** Settings without effect here, which are compared when a program takes over a retained resource. */
  const settings = new WeakMap<C, Map<string, ResourceInput["inputs"]>>();
  const settingsOf = (cloud: C) => {
    const known = settings.get(cloud) ?? new Map<string, ResourceInput["inputs"]>();
    settings.set(cloud, known);
    return known;
  };
  async function deploy(cloud: C, resource: ResourceInput, before?: DeployedResource): Promise<DeployedResource> {
    const { id, outputs } = await put(cloud, { ...resource, inputs: resource.inputs as Inputs }, before);
    if (lookUp) settingsOf(cloud).set(id, resource.inputs);
    return { id, outputs: { region: cloud.region, ...resource.inputs, ...outputs } };
  }
  return {
    inputs,
    replaceOn,
    secretOutputs,
    create: (cloud, resource) => deploy(cloud, resource),
    update: (cloud, id, before, resource) => deploy(cloud, resource, { ...before, id }),
    delete: async (cloud, id, { outputs }) => remove?.(cloud, id, outputs),
    read:
      lookUp &&
      (async (cloud, id) => {
        const found = lookUp(cloud, id);
        return found && { id, outputs: { region: cloud.region, ...settingsOf(cloud).get(id), ...found.outputs } };
      }),
  };
}

/** The requested name, or the Pulumi name with a random end, as Pulumi names things itself. */
export function physicalName(requested: string | undefined, name: string, maxLength = 64): string {
  if (requested !== undefined) return requested;
  const end = randomBytes(4).toString("hex").slice(0, 7);
  return `${name.slice(0, maxLength - end.length - 1)}-${end}`;
}

/** A resource that does nothing here but exist. */
export function inert<C extends InRegion>(
  inputs: readonly string[],
  replaceOn: readonly string[],
  describe: (cloud: C, resource: ResourceInput) => Computed,
): ResourceHandler<C> {
  return define<C, Readonly<Record<string, unknown>>>({
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
function kept({ outputs }: DeployedResource, described: Computed): Record<string, unknown> {
  return Object.fromEntries(Object.keys(described.outputs ?? {}).map((name) => [name, outputs[name]]));
}
