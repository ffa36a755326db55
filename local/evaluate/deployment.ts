import { LocalError } from "../local-error";
import type { DeployedResource, ResourceHandler, ResourceSchema } from "../resources/resource-handler";
import type { LocalCloud, ResourceHandlers } from "../services/services";
import { answerInvocation } from "./invocations";
import type { Call, Reading, Registration, RegistrationAnswer } from "./messages";
import { changedInputs, digestInputs, type ResourceState, type StackState } from "./stack-state";
import { STACK_TYPE } from "./urn";
import type { Properties } from "./wire";

export interface DeploymentOptions {
  readonly cloud: LocalCloud;
  readonly resourceHandlers: ResourceHandlers;
  /** What exists already, from an earlier evaluation. */
  readonly before: StackState;
  /** The earlier evaluation ran in another process: what the cloud keeps in memory is made again, under the same ids. */
  readonly restarted: boolean;
  /** Receives a sentence for each type that is skipped, once. */
  readonly report: (sentence: string) => void;
}

/** What one evaluation registers becomes real here: one call per message of the program. */
export interface Deployment {
  answer(call: Call): Promise<unknown>;
  /** The program is done: deletes what it no longer registers, and returns what there is now. */
  finish(): Promise<StackState>;
  /** What exists at this moment, also after a failure: what was made must stay known. */
  state(): StackState;
}

export function createDeployment(options: DeploymentOptions): Deployment {
  const { cloud, resourceHandlers } = options;
  const before = new Map(options.before.map((resource) => [resource.urn, resource]));
  const now = new Map<string, ResourceState>();
  const registered = new Set<string>();
  const replaced: ResourceState[] = [];
  const passedOver = new Set<string>();

  async function register(request: Registration): Promise<RegistrationAnswer> {
    if (registered.has(request.urn)) {
      throw new LocalError(`Two resources have the URN ${request.urn}. Give one of them another name.`);
    }
    registered.add(request.urn);
    const handler = resourceHandlers.get(request.type);
    if (handler === undefined) return passOver(request);
    refuseUnknownInputs(request, handler);

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

  /** Components have no state here; a type that is not modelled shows its inputs, and its other outputs are unknown. */
  function passOver(request: Registration): RegistrationAnswer {
    const provider = request.type.startsWith("pulumi:providers:");
    const foreign = (request.custom || request.remote) && !provider;
    if (foreign)
      reportOnce(request.type, `${request.type} "${request.name}" has no local counterpart and is passed over.`);
    const id = provider ? request.name : undefined;
    const outputs = request.custom || request.remote ? request.inputs : {};
    const secretOutputs = request.secretInputs;
    keep(request, { id, digests: {}, outputs, secretOutputs, modelled: !foreign });
    return { id, outputs, secretOutputs, partial: foreign };
  }

  /** What only the real provider can compute is unknown here: fine while nothing that runs here needs it. */
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
        "Leave it out of this stack, or give a plain value.",
    );
  }

  function read(request: Reading): RegistrationAnswer {
    const existing = [...now.values()].find(({ type, id }) => type === request.type && id === request.id);
    if (existing !== undefined) return existing;
    reportOnce(
      `read ${request.type}`,
      `${request.type} "${request.name}" is looked up by id, which shows no more than that id here.`,
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
    if (resource === undefined) throw new LocalError(`Outputs of ${urn} came without the resource.`);
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

  function reportOnce(what: string, sentence: string): void {
    if (passedOver.has(what)) return;
    passedOver.add(what);
    options.report(sentence);
  }

  return {
    answer: async (call) => {
      switch (call.kind) {
        case "register":
          return register(call.request);
        case "read":
          return read(call.request);
        case "invoke":
          return answerInvocation(cloud, call.request);
        case "outputs":
          return setOutputs(call.request.urn, call.request.outputs, call.request.secretOutputs);
      }
    },
    finish: async () => {
      const gone = [...before.values()].filter(({ urn }) => !registered.has(urn));
      for (const { type, id, outputs, retainOnDelete } of [...gone.reverse(), ...replaced.reverse()]) {
        if (id !== undefined && !retainOnDelete) await resourceHandlers.get(type)?.delete(cloud, id, { id, outputs });
      }
      for (const { urn } of gone) before.delete(urn);
      return [...now.values()];
    },
    state: () => [...now.values(), ...[...before.values()].filter(({ urn }) => !now.has(urn))],
  };
}

/** Outputs of the stack itself: what the program exports. */
export function stackOutputs(state: StackState): Pick<ResourceState, "outputs" | "secretOutputs"> {
  return state.find(({ type }) => type === STACK_TYPE) ?? { outputs: {}, secretOutputs: [] };
}
