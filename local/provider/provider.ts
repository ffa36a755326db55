import { answerInvocation } from "../evaluate/invocations";
import { type AssetReader, fromWire, type Properties, toWire } from "../evaluate/wire";
import { LocalError } from "../local-error";
import type { DeployedResource, ResourceHandler, ResourceSchema } from "../resources/resource-handler";
import type { LocalCloud, ResourceHandlers } from "../services/services";
import { type Difference, diffInputs } from "./diff";

/** A resource as the engine names it. */
export interface ResourceName {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

/** Properties on the wire: secrets, assets and unknown values under their signatures. */
export interface WireResource {
  readonly id: string;
  readonly properties: Properties;
}

export interface ProviderOptions {
  readonly cloud: LocalCloud;
  readonly resourceHandlers: ResourceHandlers;
  readonly assets: AssetReader;
  /** Receives a sentence for each type that is skipped, once. */
  readonly report: (sentence: string) => void;
}

/** Pulumi's provider protocol, without its transport. */
export interface Provider {
  diff(resource: ResourceName, id: string, oldInputs: Properties, inputs: Properties): Difference;
  create(resource: ResourceName, inputs: Properties, preview: boolean): Promise<WireResource>;
  /** `undefined`: there is no such resource. */
  read(resource: ResourceName, id: string, state: Properties): Promise<Properties | undefined>;
  update(
    resource: ResourceName,
    id: string,
    state: Properties,
    inputs: Properties,
    preview: boolean,
  ): Promise<Properties>;
  delete(resource: ResourceName, id: string, state: Properties): Promise<void>;
  invoke(token: string, args: Properties): Properties;
  /** How many resources live in this process. */
  count(): number;
}

export function createProvider({ cloud, resourceHandlers, assets, report }: ProviderOptions): Provider {
  /** What lives in this process, `type id`. The engine's state may remember more: from before a restart. */
  const alive = new Set<string>();
  const passedOver = new Set<string>();
  const key = (type: string, id: string) => `${type} ${id}`;

  function handlerOf({ type, name }: ResourceName): ResourceHandler<LocalCloud> | undefined {
    const handler = resourceHandlers.get(type);
    if (handler === undefined && !passedOver.has(type)) {
      passedOver.add(type);
      report(`${type} "${name}" has no local counterpart and is passed over.`);
    }
    return handler;
  }

  /** Properties of a resource as the engine keeps them; an input that was a secret stays one. */
  function answer(handler: ResourceSchema, { outputs }: DeployedResource, inputs: Properties): Properties {
    const { secrets } = fromWire(inputs, assets);
    return toWire({ values: outputs, secrets: [...secrets, ...(handler.secretOutputs ?? [])] });
  }

  async function naming<T>({ type, name }: ResourceName, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw new LocalError(`${type} "${name}" failed: ${(error as Error).message}`, { cause: error });
    }
  }

  return {
    diff(resource, id, oldInputs, inputs) {
      const handler = handlerOf(resource);
      if (handler === undefined) return { changed: [], replaces: [] };
      const { changed, replaces } = diffInputs(handler, oldInputs, inputs);
      // A fresh process remembers nothing of what it keeps in memory: an update makes it again, under the same id.
      const again = changed.length === 0 && !alive.has(key(resource.type, id));
      return { changed: again ? [...handler.inputs] : changed, replaces };
    },

    async create(resource, inputs, preview) {
      const handler = handlerOf(resource);
      if (handler === undefined) return { id: preview ? "" : resource.name, properties: inputs };
      if (preview) return { id: "", properties: inputs };
      const { values } = fromWire(inputs, assets);
      const deployed = await naming(resource, handler.create(cloud, { ...resource, inputs: values }));
      alive.add(key(resource.type, deployed.id));
      return { id: deployed.id, properties: answer(handler, deployed, inputs) };
    },

    async read(resource, id, state) {
      const handler = handlerOf(resource);
      if (handler?.read === undefined) return state;
      const found = await naming(resource, handler.read(cloud, id));
      if (found === undefined) return undefined;
      alive.add(key(resource.type, id));
      return answer(handler, found, state);
    },

    async update(resource, id, state, inputs, preview) {
      const handler = handlerOf(resource);
      if (handler === undefined || preview) return { ...state, ...inputs };
      const before: DeployedResource = { id, outputs: fromWire(state, assets).values };
      const { values } = fromWire(inputs, assets);
      const deployed = await naming(resource, handler.update(cloud, id, before, { ...resource, inputs: values }));
      alive.add(key(resource.type, id));
      return answer(handler, deployed, inputs);
    },

    async delete(resource, id, state) {
      const handler = handlerOf(resource);
      alive.delete(key(resource.type, id));
      if (handler === undefined) return;
      await naming(resource, handler.delete(cloud, id, { id, outputs: fromWire(state, assets).values }));
    },

    invoke(token, args) {
      return toWire({ values: answerInvocation(cloud, { token, args: fromWire(args, assets).values }), secrets: [] });
    },

    count: () => alive.size,
  };
}
