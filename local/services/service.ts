import type { Cloud } from "../cloud/cloud";
import type { AwsRequest, AwsResponse, Protocol } from "../cloud/protocol";
import type { ResourceHandler } from "../resources/resource-handler";

/**
 * One AWS service of the local cloud.
 * @typeParam Model what it adds to the cloud, for its own resources and for other services
 * @typeParam Needs what it uses of services before it in the list
 */
export interface Service<Model, Needs = unknown> {
  readonly open: (cloud: Cloud & Needs) => OpenService<Model>;
  /** Pulumi resources by type token. */
  readonly resources: Readonly<Record<string, ResourceHandler<Cloud & Needs & Model>>>;
  /** Pulumi provider functions by token. */
  readonly functions?: Readonly<Record<string, ProviderFunction<Cloud & Needs & Model>>>;
}

/** A Pulumi provider function (`aws.dynamodb.getTable`): arguments to result. */
export type ProviderFunction<C> = (
  cloud: C,
  args: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>>;

/** A service in one running cloud. */
export interface OpenService<Model> {
  readonly model: Model;
  /** How clients call it, by the name that they sign requests for. */
  readonly protocol?: { readonly signingName: string } & Protocol;
  /** Requests by path instead of by signature; the service checks itself who may call. */
  readonly route?: { readonly prefix: string; readonly serve: (request: AwsRequest) => Promise<AwsResponse> };
  /** Ends what runs without a request: timers, pollers, processes. The endpoint still serves. */
  readonly stop?: () => Promise<void> | void;
  /** Closes files, after the last request. */
  readonly close?: () => Promise<void>;
}
