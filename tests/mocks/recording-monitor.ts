import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import * as settings from "@pulumi/pulumi/runtime/settings";
import { omitPromiseTraces } from "../../local/evaluate/promise-traces";

omitPromiseTraces();

/** One registered resource as the engine receives it: serialised inputs, with secrets marked by their signature. */
export interface Registered {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the inputs that it reads.
  readonly inputs: any;
  readonly dependsOn: readonly string[];
  readonly retainOnDelete: boolean;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly provider: string;
  /** URNs. */
  readonly aliases: readonly string[];
}

export interface Evaluated {
  readonly resources: readonly Registered[];
  /** The only resource of that type, or of that type and name. Throws when there is none or more than one. */
  one(type: string, name?: string): Registered;
  all(type: string): readonly Registered[];
  /** The arguments of all calls of `registerOutputs`. */
  readonly outputs: readonly Record<string, unknown>[];
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The value of a secret; undefined for any other value. */
// biome-ignore lint/suspicious/noExplicitAny: wire values.
export function secretValue(value: any): any {
  return value?.[SIGNATURE] === SECRET ? value.value : undefined;
}

/** The inputs with the values of secrets in place of the secrets. */
// biome-ignore lint/suspicious/noExplicitAny: wire values.
export function plain(value: any): any {
  const secret = secretValue(value);
  if (secret !== undefined) return plain(secret);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof pulumi.asset.Archive) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

/** An existing table as `getTable` describes it: one that fits, or with new images only if its name says so. */
function looksUp(token: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (token !== "aws:dynamodb/getTable:getTable") return inputs;
  const isEvents = String(inputs.name).endsWith("events");
  const streamViewType = String(inputs.name).startsWith("new-images") ? "NEW_IMAGE" : "NEW_AND_OLD_IMAGES";
  const streamed = { streamEnabled: true, streamViewType };
  return { ...inputs, hashKey: "streamId", rangeKey: isEvents ? "key" : "", ...(isEvents && streamed) };
}

export interface Environment {
  readonly preview?: boolean;
  readonly region?: string;
  /** What a resource gets when it is created, instead of ids made of its name. @param id - that of an existing resource */
  // biome-ignore lint/suspicious/noExplicitAny: wire values.
  readonly created?: (type: string, name: string, inputs: any, id?: string) => { id: string; state: any };
}

/** Runs a Pulumi program with a monitor that records its resources, to its end. Rejects with the program's first error. */
export async function evaluate(
  program: () => unknown,
  { preview = false, region = "eu-west-1", created }: Environment = {},
): Promise<Evaluated> {
  const resources: Registered[] = [];
  const outputs: Record<string, unknown>[] = [];
  const stateOf = (type: string, name: string, inputs: Record<string, unknown>) =>
    preview
      ? inputs
      : {
          ...inputs,
          name: inputs.name ?? name,
          bucket: inputs.bucket ?? name,
          arn: `arn:aws:${type.split(":")[1]?.split("/")[0]}:eu-west-1:123456789012:${name}`,
          streamArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/${name}/stream/1`,
          uuid: `${name}-uuid`,
          invokeArn: `arn:aws:apigateway:eu-west-1:lambda:path/functions/${name}/invocations`,
          executionArn: `arn:aws:execute-api:eu-west-1:123456789012:${name}`,
          invokeUrl: `https://${name}.execute-api.eu-west-1.amazonaws.com/v1`,
        };

  // A subclass, because the mocks of setMocks receive no URN, parent or options.
  class RecordingMonitor extends MockMonitor {
    // biome-ignore lint/suspicious/noExplicitAny: a protobuf message without types.
    override async registerResource(request: any, callback: any): Promise<void> {
      const urn = (this as unknown as { newUrn(...parts: string[]): string }).newUrn(
        request.getParent(),
        request.getType(),
        request.getName(),
      );
      resources.push({
        urn,
        type: request.getType(),
        name: request.getName(),
        parent: request.getParent(),
        inputs: request.getObject()?.toJavaScript() ?? {},
        dependsOn: request.getDependenciesList(),
        retainOnDelete: request.getRetainondelete(),
        protect: request.getProtect(),
        ignoreChanges: request.getIgnorechangesList(),
        provider: request.getProvider(),
        aliases: request.getAliasesList().map((alias: { getUrn(): string }) => alias.getUrn()),
      });
      await super.registerResource(request, callback);
    }

    // biome-ignore lint/suspicious/noExplicitAny: as above.
    override registerResourceOutputs(request: any, callback: any): void {
      outputs.push(request.getOutputs()?.toJavaScript() ?? {});
      super.registerResourceOutputs(request, callback);
    }
  }
  const monitor = new RecordingMonitor({
    call: ({ token, inputs }) => (token === "aws:index/getRegion:getRegion" ? { region } : looksUp(token, inputs)),
    newResource: ({ type, name, inputs, custom, id }) =>
      created?.(type, name, inputs, id) ?? {
        id: custom === false || preview ? undefined : `${name}-id`,
        state: stateOf(type, name, inputs),
      },
  });
  pulumi.runtime.setMockOptions(monitor, "project", "stack", preview);
  // Otherwise secrets are registered as plain values.
  await (settings as unknown as { awaitFeatureSupport(): Promise<void> }).awaitFeatureSupport();
  // An error in an output only causes an unhandled rejection.
  const errors: unknown[] = [];
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  const keep = (error: unknown) => errors.push(error);
  process.on("unhandledRejection", keep);
  try {
    await program();
    await pulumi.runtime.disconnect();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeListener("unhandledRejection", keep);
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
  if (errors.length > 0) throw errors[0];
  const all = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    resources,
    outputs,
    all,
    one(type, name) {
      const found = all(type).filter((resource) => name === undefined || resource.name === name);
      if (found.length === 1) return found[0]!;
      throw new Error(`Expected one ${type} ${name ?? ""}, got ${found.map((r) => r.name).join(", ") || "none"}`);
    },
  };
}
