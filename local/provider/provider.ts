import type { Answers } from "../evaluate/answers";
import { answerInvocation } from "../evaluate/invocations";
import { type AssetReader, fromWire, type Properties, toWire } from "../evaluate/wire";
import { LocalError } from "../local-error";
import type { DeployedResource, ResourceHandler, ResourceSchema } from "../resources/resource-handler";
import type { LocalCloud, ResourceHandlers } from "../services/services";
import { type Difference, diffInputs } from "./diff";

/** URN, type and name of a resource. */
export interface ResourceName {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

/** A resource with its properties in wire format. */
export interface WireResource {
  readonly id: string;
  readonly properties: Properties;
}

export interface ProviderOptions extends Pick<Answers, "invokes"> {
  readonly cloud: LocalCloud;
  readonly resourceHandlers: ResourceHandlers;
  readonly assets: AssetReader;
  /** Receives one message for each skipped type. */
  readonly report: (message: string) => void;
}

/** Pulumi's provider protocol, without the transport. */
export interface Provider {
  diff(resource: ResourceName, id: string, oldInputs: Properties, inputs: Properties): Difference;
  create(resource: ResourceName, inputs: Properties, preview: boolean): Promise<WireResource>;
  /** `undefined`: the resource does not exist. */
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
  /** Number of resources in this process. */
  count(): number;
  /** Whether the last change was a delete and nothing runs: a destroy leaves the resources that it retains. */
  isDestroyed(): boolean;
}

/** Types that do something without a request from outside. */
const RUNS = /^aws:(lambda\/function:|apigateway\/stage:|scheduler\/schedule:)/;

export function createProvider({ cloud, resourceHandlers, assets, report, invokes }: ProviderOptions): Provider {
  /** The resources in this process, as `type id`. The engine's state can contain more, from before a restart. */
  const running = new Set<string>();
  const skipped = new Set<string>();
  let lastChange: "put" | "delete" | undefined;
  const key = (type: string, id: string) => `${type} ${id}`;

  function handlerOf({ type, name }: ResourceName): ResourceHandler<LocalCloud> | undefined {
    const handler = resourceHandlers.get(type);
    if (handler === undefined && !skipped.has(type)) {
      skipped.add(type);
      report(`${type} "${name}" is not supported locally and is skipped.`);
    }
    return handler;
  }

  /** The properties of a resource in wire format. A secret input remains secret. */
  function toProperties(handler: ResourceSchema, { outputs }: DeployedResource, inputs: Properties): Properties {
    const { secrets } = fromWire(inputs, assets);
    return toWire({ values: outputs, secrets: [...secrets, ...(handler.secretOutputs ?? [])] });
  }

  async function withName<T>({ type, name }: ResourceName, work: Promise<T>): Promise<T> {
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
      // A new process has lost the resources in memory. An update creates them again, with the same id.
      const lost = changed.length === 0 && !running.has(key(resource.type, id));
      return { changed: lost ? [...handler.inputs] : changed, replaces };
    },

    async create(resource, inputs, preview) {
      const handler = handlerOf(resource);
      if (handler === undefined) return { id: preview ? "" : resource.name, properties: inputs };
      if (preview) return { id: "", properties: inputs };
      const { values } = fromWire(inputs, assets);
      const deployed = await withName(resource, handler.create(cloud, { ...resource, inputs: values }));
      running.add(key(resource.type, deployed.id));
      lastChange = "put";
      return { id: deployed.id, properties: toProperties(handler, deployed, inputs) };
    },

    async read(resource, id, state) {
      const handler = handlerOf(resource);
      if (handler?.read === undefined) return state;
      const found = await withName(resource, handler.read(cloud, id));
      if (found === undefined) return undefined;
      running.add(key(resource.type, id));
      return toProperties(handler, found, state);
    },

    async update(resource, id, state, inputs, preview) {
      const handler = handlerOf(resource);
      if (handler === undefined || preview) return { ...state, ...inputs };
      const before: DeployedResource = { id, outputs: fromWire(state, assets).values };
      const { values } = fromWire(inputs, assets);
      const deployed = await withName(resource, handler.update(cloud, id, before, { ...resource, inputs: values }));
      running.add(key(resource.type, id));
      lastChange = "put";
      return toProperties(handler, deployed, inputs);
    },

    async delete(resource, id, state) {
      const handler = handlerOf(resource);
      running.delete(key(resource.type, id));
      lastChange = "delete";
      if (handler === undefined) return;
      await withName(resource, handler.delete(cloud, id, { id, outputs: fromWire(state, assets).values }));
    },

    invoke(token, args) {
      const invocation = { token, args: fromWire(args, assets).values };
      return toWire({ values: answerInvocation(cloud, invocation, { invokes }), secrets: [] });
    },

    count: () => running.size,
    isDestroyed: () => lastChange === "delete" && ![...running].some((one) => RUNS.test(one)),
  };
}
