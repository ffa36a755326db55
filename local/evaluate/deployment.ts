import { LocalError } from "../local-error";
import type { DeployedResource, ResourceHandler, ResourceSchema } from "../resources/resource-handler";
import type { LocalCloud, ResourceHandlers } from "../services/services";
import { type Answers, referencedStack, STACK_REFERENCE } from "./answers";
import { answerInvocation } from "./invocations";
import type { Call, Reading, Registration, RegistrationAnswer } from "./messages";
import { changedInputs, digestInputs, type ResourceState, type StackState } from "./stack-state";
import { STACK_TYPE } from "./urn";
import type { Properties } from "./wire";

export interface DeploymentOptions extends Answers {
  readonly cloud: LocalCloud;
  readonly resourceHandlers: ResourceHandlers;
  /** The state after the previous evaluation. */
  readonly before: StackState;
  /** True when the previous evaluation ran in another process. Then resources that are kept in memory are created again, with the same ids. */
  readonly restarted: boolean;
  /** Receives one message for each skipped type. */
  readonly report: (message: string) => void;
  /** Receives each resource before it is created or updated. */
  readonly onResource?: (resource: { readonly type: string; readonly name: string }) => void;
}

/** Deploys the resources of one evaluation: one call per message of the program. */
export interface Deployment {
  answer(call: Call): Promise<unknown>;
  /** Called when the program has ended. Deletes the resources that it no longer registers, and returns the new state. */
  finish(): Promise<StackState>;
  /** The current state, also after a failure, so that created resources are not forgotten. */
  state(): StackState;
}

export function createDeployment(options: DeploymentOptions): Deployment {
  const { cloud, resourceHandlers } = options;
  const before = new Map(options.before.map((resource) => [resource.urn, resource]));
  const now = new Map<string, ResourceState>();
  const registered = new Set<string>();
  const replaced: ResourceState[] = [];
  const reported = new Set<string>();

  async function register(request: Registration): Promise<RegistrationAnswer> {
    if (registered.has(request.urn)) {
      throw new LocalError(`Two resources have the URN ${request.urn}. Give one of them another name.`);
    }
    registered.add(request.urn);
    if (request.transformed) {
      throw new LocalError(
        `${request.type} "${request.name}" has \`transforms\`, which only Pulumi's engine applies. Run the program with the Pulumi CLI on this ` +
          "machine, or use `transformations`.",
      );
    }
    const handler = resourceHandlers.get(request.type);
    if (handler === undefined) return skip(request);
    refuseUnknownInputs(request, handler);
    options.onResource?.({ type: request.type, name: request.name });

    const digests = digestInputs(handler, request.inputs);
    const deployed = await deploy(request, handler, digests);
    const secretOutputs = [
      ...new Set([...request.secretInputs, ...request.secretOutputs, ...(handler.secretOutputs ?? [])]),
    ];
    keep(request, { id: deployed.id, digests, outputs: deployed.outputs, secretOutputs, modelled: true });
    return { ...deployed, secretOutputs };
  }

  async function deploy(
    request: Registration,
    handler: ResourceHandler<LocalCloud>,
    digests: ResourceState["digests"],
  ): Promise<DeployedResource> {
    const old = before.get(request.urn);
    try {
      if (old?.id === undefined) return await handler.create(cloud, request);
      const deployed: DeployedResource = { id: old.id, outputs: old.outputs };
      const changed = changedInputs(old.digests, digests);
      if (changed.some((name) => handler.replaceOn.includes(name))) {
        if (request.deleteBeforeReplace) await handler.delete(cloud, old.id, deployed);
        else replaced.push(old);
        return await handler.create(cloud, request);
      }
      if (changed.length === 0 && !options.restarted) return deployed;
      return await handler.update(cloud, old.id, deployed, request);
    } catch (error) {
      throw new LocalError(`${request.type} "${request.name}" failed: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Components have no resource. A type without a handler has its inputs as outputs; its other outputs are unknown. */
  function skip(request: Registration): RegistrationAnswer {
    const provider = request.type.startsWith("pulumi:providers:");
    const unsupported = (request.custom || request.remote) && !provider;
    if (unsupported)
      reportOnce(request.type, `${request.type} "${request.name}" is not supported locally and is skipped.`);
    const id = provider ? request.name : undefined;
    const outputs = request.custom || request.remote ? request.inputs : {};
    const secretOutputs = request.secretInputs;
    keep(request, { id, digests: {}, outputs, secretOutputs, modelled: !unsupported });
    return { id, outputs, secretOutputs, partial: unsupported };
  }

  /** An output that only the real provider can compute is unknown here. A local resource must not depend on it. */
  function refuseUnknownInputs(
    { type, name, unknownInputs, dependencies }: Registration,
    handler: ResourceSchema,
  ): void {
    const property = unknownInputs.find((input) => handler.inputs.includes(input));
    if (property === undefined) return;
    const source = dependencies[property]?.map((urn) => now.get(urn)).find((resource) => resource?.modelled === false);
    const from = source === undefined ? "a resource" : `${source.type} "${source.name}"`;
    throw new LocalError(
      `${type} "${name}" takes \`${property}\` from ${from} that the local stack does not model. ` +
        "Omit it in this stack, or set a plain value.",
    );
  }

  async function read(request: Reading): Promise<RegistrationAnswer> {
    if (request.type === STACK_REFERENCE)
      return { id: request.id, outputs: referencedStack(request.id, options), secretOutputs: [] };
    const existing = [...now.values()].find(({ type, id }) => type === request.type && id === request.id);
    if (existing !== undefined) return existing;
    const found = await resourceHandlers.get(request.type)?.read?.(cloud, request.id);
    if (found !== undefined) return { ...found, secretOutputs: [] };
    reportOnce(
      `read ${request.type}`,
      `${request.type} "${request.name}" is looked up by id. Only its id is known locally.`,
    );
    const outputs = { ...request.inputs };
    keep(
      { ...request, retainOnDelete: true },
      { id: request.id, digests: {}, outputs, secretOutputs: [], modelled: false },
    );
    return { id: request.id, outputs, secretOutputs: [] };
  }

  function setOutputs(urn: string, outputs: Properties, secretOutputs: readonly string[]): void {
    const resource = now.get(urn);
    if (resource === undefined) throw new LocalError(`Outputs were registered for ${urn}, which is not registered.`);
    now.set(urn, { ...resource, outputs, secretOutputs });
  }

  function keep(
    {
      urn,
      type,
      name,
      parent,
      retainOnDelete,
    }: Pick<Registration, "urn" | "type" | "name" | "parent" | "retainOnDelete">,
    rest: Pick<ResourceState, "id" | "digests" | "outputs" | "secretOutputs" | "modelled">,
  ): void {
    now.set(urn, { urn, type, name, parent, retainOnDelete, ...rest });
  }

  function reportOnce(key: string, message: string): void {
    if (reported.has(key)) return;
    reported.add(key);
    options.report(message);
  }

  return {
    answer: async (call) => {
      switch (call.kind) {
        case "register":
          return register(call.request);
        case "read":
          return read(call.request);
        case "invoke":
          return answerInvocation(cloud, call.request, options);
        case "outputs":
          return setOutputs(call.request.urn, call.request.outputs, call.request.secretOutputs);
      }
    },
    finish: async () => {
      const removed = [...before.values()].filter(({ urn }) => !registered.has(urn));
      for (const { type, id, outputs, retainOnDelete } of [...removed.reverse(), ...replaced.reverse()]) {
        if (id !== undefined && !retainOnDelete) await resourceHandlers.get(type)?.delete(cloud, id, { id, outputs });
      }
      for (const { urn } of removed) before.delete(urn);
      return [...now.values()];
    },
    state: () => [...now.values(), ...[...before.values()].filter(({ urn }) => !now.has(urn))],
  };
}

/** The stack outputs that the program exports. */
export function stackOutputs(state: StackState): Pick<ResourceState, "outputs" | "secretOutputs"> {
  return state.find(({ type }) => type === STACK_TYPE) ?? { outputs: {}, secretOutputs: [] };
}
