import { randomBytes } from "node:crypto";
import type { DeployedResource, ResourceHandler, ResourceInput } from "./resource-handler";

/** A handler with one function for create and update. */
export interface Definition<C, Inputs> extends Pick<ResourceHandler<C>, "inputs" | "secretOutputs"> {
  readonly replaceOn?: readonly string[];
  /** @param before absent: the resource is new. Otherwise it keeps this id, also after a restart of the process. */
  put(cloud: C, resource: Defined<Inputs>, before?: DeployedResource): Computed | Promise<Computed>;
  /** Looks up a resource by id, for a refresh or an import. Its inputs are remembered too. */
  lookUp?(cloud: C, id: string): Computed | undefined;
  /** Absent: a delete has nothing to do. */
  remove?(cloud: C, id: string, outputs: Readonly<Record<string, unknown>>): void | Promise<void>;
}

export interface Defined<Inputs> extends Omit<ResourceInput, "inputs"> {
  readonly inputs: Inputs;
}

/** The id and outputs that AWS computes, in addition to the inputs. */
export interface Computed {
  readonly id: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The part of a cloud that `define` uses. */
interface InRegion {
  readonly region: string;
}

export function define<C extends InRegion, Inputs extends object>(
  definition: Definition<C, Inputs>,
): ResourceHandler<C> {
  const { inputs, replaceOn = [], secretOutputs, put, remove, lookUp } = definition;
  /** Inputs by id, which are compared when a program imports a retained resource. */
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

/** The requested name, or the Pulumi name with a random suffix, as Pulumi's auto-naming does. */
export function physicalName(requested: string | undefined, name: string, maxLength = 64): string {
  if (requested !== undefined) return requested;
  const suffix = randomBytes(4).toString("hex").slice(0, 7);
  return `${name.slice(0, maxLength - suffix.length - 1)}-${suffix}`;
}

/** A resource without effect here. */
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

/** Computed outputs do not change: names and ARNs have a random suffix. */
function kept({ outputs }: DeployedResource, described: Computed): Record<string, unknown> {
  return Object.fromEntries(Object.keys(described.outputs ?? {}).map((name) => [name, outputs[name]]));
}
