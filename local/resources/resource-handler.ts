/**
 * A resource as the evaluator and the provider pass it on: property names as the provider's wire has them (camelCase),
 * secrets unwrapped, assets as `Archive`, unknown values as {@link UNKNOWN}.
 */
export interface ResourceInput {
  readonly urn: string;
  /** Type token, `aws:dynamodb/table:Table`. */
  readonly type: string;
  /** Pulumi name, from the URN. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A value that is not known before its resource exists (previews only). */
export const UNKNOWN: unique symbol = Symbol("unknown");

export interface DeployedResource {
  readonly id: string;
  /** Everything a program can read of it: inputs and what AWS would compute. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Which inputs of a resource type count, without what is done with them. */
export interface ResourceSchema {
  /** Inputs that the handler knows; a diff compares these alone, removals included. */
  readonly inputs: readonly string[];
  /** Those whose change needs a new resource. */
  readonly replaceOn: readonly string[];
  /** Outputs that are secret. */
  readonly secretOutputs?: readonly string[];
}

/** What create, update and delete of one resource type do in the local cloud. */
export interface ResourceHandler<Cloud> extends ResourceSchema {
  readonly create: (cloud: Cloud, resource: ResourceInput) => Promise<DeployedResource>;
  readonly update: (
    cloud: Cloud,
    id: string,
    before: DeployedResource,
    resource: ResourceInput,
  ) => Promise<DeployedResource>;
  readonly delete: (cloud: Cloud, id: string, before: DeployedResource) => Promise<void>;
  /** What exists under this id, `undefined` when nothing does. For types that a refresh or an import looks up. */
  readonly read?: (cloud: Cloud, id: string) => Promise<DeployedResource | undefined>;
}
