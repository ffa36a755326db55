/**
 * The input of a handler: property names in camelCase as on the wire, secrets unwrapped, assets as `Archive`, unknown values
 * as {@link UNKNOWN}.
 */
export interface ResourceInput {
  readonly urn: string;
  /** Type token, `aws:dynamodb/table:Table`. */
  readonly type: string;
  /** Pulumi name, from the URN. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A value that is unknown until its resource exists (in previews only). */
export const UNKNOWN: unique symbol = Symbol("unknown");

export interface DeployedResource {
  readonly id: string;
  /** What a program can read: the inputs, and what AWS computes. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The inputs and outputs of a resource type, without its operations. */
export interface ResourceSchema {
  /** Inputs that the handler knows. A diff compares only these, including removed ones. */
  readonly inputs: readonly string[];
  /** Inputs whose change requires a replacement. */
  readonly replaceOn: readonly string[];
  /** Outputs that are secret. */
  readonly secretOutputs?: readonly string[];
}

/** Create, update, delete and read of one resource type in the local cloud. */
export interface ResourceHandler<Cloud> extends ResourceSchema {
  readonly create: (cloud: Cloud, resource: ResourceInput) => Promise<DeployedResource>;
  readonly update: (
    cloud: Cloud,
    id: string,
    before: DeployedResource,
    resource: ResourceInput,
  ) => Promise<DeployedResource>;
  readonly delete: (cloud: Cloud, id: string, before: DeployedResource) => Promise<void>;
  /** Reads the resource with this id, for a refresh or an import. `undefined`: it does not exist. */
  readonly read?: (cloud: Cloud, id: string) => Promise<DeployedResource | undefined>;
}
