import type * as pulumi from "@pulumi/pulumi";
import type { Transform } from "./args";

/** What every step of the constructor needs to make a child: whose it is and what all children share. */
export interface Scope {
  readonly name: string;
  /** Project, stack and name: what an account may not have twice, the dashboard and the metrics' dimension. */
  readonly deployment: string;
  readonly parent: pulumi.Resource;
  readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Stateful children outlive the stack. */
  readonly retain: boolean;
}

/** Options of a child that holds state; `adopt` is the id of an existing one to take over. */
export const stateful = ({ parent, retain }: Scope, adopt?: string): pulumi.CustomResourceOptions => ({
  parent,
  retainOnDelete: retain,
  import: adopt,
});

/** The user's transform, applied last. */
export function transformed<T extends object>(args: T, transform: Transform<T> | undefined): T {
  return typeof transform === "function" ? transform(args) : { ...args, ...transform };
}
