import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import type { Answer, Call, Invocation, Reading, Registration, RegistrationAnswer } from "./messages";
import { urnOf } from "./urn";
import type { AssetReader, FromWire, Properties } from "./wire";
import { fromWire, toWire } from "./wire";

/** Sends a call to the local stack and waits for its answer. Rejects with the error in the answer. */
export type SendCall = (call: Unnumbered<Call>) => Promise<unknown>;
type Unnumbered<T> = T extends unknown ? Omit<T, "call"> : never;

/** The parts of the program's own copy of `@pulumi/pulumi` that the monitor uses. */
export interface PulumiParts {
  readonly mocks: { MockMonitor: typeof MockMonitor };
  readonly responses: Record<"RegisterResourceResponse" | "ReadResourceResponse" | "InvokeResponse", new () => Wire>;
  readonly struct: { Struct: { fromJavaScript(value: Properties): unknown } };
}

/** A protobuf message: generated getters and setters. */
// biome-ignore lint/suspicious/noExplicitAny: the generated classes have no types that hold across SDK versions.
type Wire = any;
type Callback = (error: Error | null, response?: unknown) => void;

/**
 * The resource monitor of a program, in place of the engine's. It subclasses the SDK's mock monitor, which answers the feature
 * queries, because no public API shows URN, parent, options and dependencies. The class is internal to the SDK, so
 * tests/local/evaluate/monitor.test.ts pins the used parts.
 */
export function createMonitor(
  pulumi: PulumiParts,
  names: { readonly project: string; readonly stack: string },
  assets: AssetReader,
  sendCall: SendCall,
): MockMonitor {
  const { RegisterResourceResponse, ReadResourceResponse, InvokeResponse } = pulumi.responses;
  const struct = (values: Properties, secrets: readonly string[]) =>
    pulumi.struct.Struct.fromJavaScript(toWire({ values, secrets }));
  const urn = (request: Wire) =>
    urnOf(names.stack, names.project, request.getParent(), request.getType(), request.getName());

  let stackIsTransformed = false;

  class LocalMonitor extends pulumi.mocks.MockMonitor {
    override async registerResource(request: Wire, callback: Callback): Promise<void> {
      await answer(callback, async () => {
        const registration = readRegistration(request, urn(request), assets, stackIsTransformed);
        const { id, outputs, secretOutputs, partial } = (await sendCall({
          kind: "register",
          request: registration,
        })) as RegistrationAnswer;
        const response = new RegisterResourceResponse();
        response.setUrn(registration.urn);
        response.setId(id ?? "");
        response.setObject(struct(outputs, secretOutputs));
        if (partial) markOtherOutputsUnknown(response);
        return response;
      });
    }

    override async readResource(request: Wire, callback: Callback): Promise<void> {
      await answer(callback, async () => {
        const reading: Reading = {
          urn: urn(request),
          type: request.getType(),
          name: request.getName(),
          id: request.getId(),
          inputs: known(fromWire(request.getProperties()?.toJavaScript() ?? {}, assets)),
        };
        const { outputs, secretOutputs } = (await sendCall({ kind: "read", request: reading })) as RegistrationAnswer;
        const response = new ReadResourceResponse();
        response.setUrn(reading.urn);
        response.setProperties(struct(outputs, secretOutputs));
        return response;
      });
    }

    override async invoke(request: Wire, callback: Callback): Promise<void> {
      await answer(callback, async () => {
        const invocation: Invocation = {
          token: request.getTok(),
          args: known(fromWire(request.getArgs()?.toJavaScript() ?? {}, assets)),
        };
        const result = (await sendCall({ kind: "invoke", request: invocation })) as Properties;
        const response = new InvokeResponse();
        response.setReturn(struct(result, []));
        return response;
      });
    }

    override registerStackTransform(_: Wire, callback: Callback): void {
      stackIsTransformed = true;
      callback(null, {});
    }

    override registerStackInvokeTransform(request: Wire, callback: Callback): void {
      this.registerStackTransform(request, callback);
    }

    override registerResourceOutputs(request: Wire, callback: Callback): void {
      void answer(callback, async () => {
        const outputs = fromWire(request.getOutputs()?.toJavaScript() ?? {}, assets);
        const named = { urn: request.getUrn(), outputs: known(outputs), secretOutputs: outputs.secrets };
        await sendCall({ kind: "outputs", request: named });
        return {};
      });
    }
  }
  return new LocalMonitor({ call: () => ({}), newResource: () => ({ id: "", state: {} }) });
}

function readRegistration(request: Wire, urn: string, assets: AssetReader, stackIsTransformed: boolean): Registration {
  const inputs = fromWire(request.getObject()?.toJavaScript() ?? {}, assets);
  const dependencies: [string, string[]][] = [];
  request.getPropertydependenciesMap().forEach((urns: Wire, property: string) => {
    dependencies.push([property, urns.getUrnsList()]);
  });
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent() || undefined,
    custom: request.getCustom(),
    remote: request.getRemote(),
    inputs: known(inputs),
    secretInputs: inputs.secrets,
    unknownInputs: inputs.unknowns,
    dependencies: Object.fromEntries(dependencies),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    // Older SDKs have no transforms.
    transformed: stackIsTransformed || request.getTransformsList?.().length > 0,
    retainOnDelete: request.getRetainondelete(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
  };
}

/**
 * Makes outputs that are not in the response unknown, not undefined: `apply` does not run on them, and inputs that use them
 * are recognizable. Older SDKs have no field for this; there the result "skipped" has the same effect.
 */
function markOtherOutputsUnknown(response: Wire): void {
  const skipped = 2;
  if (typeof response.setUnknown === "function") response.setUnknown(true);
  else response.setResult(skipped);
}

function known({ values, unknowns }: FromWire): Properties {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !unknowns.includes(name)));
}

async function answer(callback: Callback, work: () => Promise<unknown>): Promise<void> {
  let response: unknown;
  try {
    response = await work();
  } catch (error) {
    // The SDK shows the `details` of a failed invoke to the program, as of a gRPC error.
    callback(Object.assign(error as Error, { details: (error as Error).message }));
    return;
  }
  callback(null, response);
}

/** Numbers the calls and matches the answers to them. */
export function callChannel(send: (call: Call) => void): { sendCall: SendCall; settle: (answer: Answer) => void } {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  return {
    sendCall: (call) =>
      new Promise((resolve, reject) => {
        next += 1;
        waiting.set(next, { resolve, reject });
        send({ ...call, call: next } as Call);
      }),
    settle: ({ call, value, error }) => {
      const caller = waiting.get(call);
      waiting.delete(call);
      if (error === undefined) caller?.resolve(value);
      else caller?.reject(new Error(error));
    },
  };
}
