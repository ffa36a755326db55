import type { Cloud } from "../cloud/cloud";
import type { AwsRequest, AwsResponse, Protocol } from "../cloud/protocol";
import type { ResourceHandler } from "../resources/resource-handler";

/**
 * One AWS service of the local cloud.
 * @typeParam Model what it adds to the cloud, for its resources and for other services
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
  /** Its protocol and signing name. */
  readonly protocol?: { readonly signingName: string } & Protocol;
  /** Requests that are routed by path; the service authorizes the caller itself. */
  readonly route?: { readonly prefix: string; readonly serve: (request: AwsRequest) => Promise<AwsResponse> };
  /** Stops timers, pollers and processes. The endpoint is still open. */
  readonly stop?: () => Promise<void> | void;
  /** Closes files, after the last request. */
  readonly close?: () => Promise<void>;
}
