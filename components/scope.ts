import type * as pulumi from "@pulumi/pulumi";
import type { Account } from "./account";
import type { Transforms } from "./args";

/** What all child resources share. */
export interface Scope {
  readonly name: string;
  /** Name of the dashboard and dimension of the metrics: unique in an account. */
  readonly deployment: string;
  readonly parent: pulumi.Resource;
  readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether child resources with state remain after `pulumi destroy`. */
  readonly retain: boolean;
  readonly account: Account;
  readonly transforms: Transforms;
}

/** Options of a child resource with state. */
export const stateful = ({ parent, retain }: Scope): pulumi.CustomResourceOptions => ({
  parent,
  retainOnDelete: retain,
});
