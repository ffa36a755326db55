import { decide } from "../../cloud/access/policy";
import type { CloudEvent } from "../../cloud/cloud-event";
import type { Permission } from "../../cloud/protocol";
import type { Roles } from "./roles";

/** Checks whether a role has a permission, and reports the call. @param quietly reports denials only */
export type Authorize = (caller: string, roleArn: string, permission: Permission, quietly?: boolean) => boolean;

export function createAuthorizer(roles: Roles, emit: (event: CloudEvent) => void): Authorize {
  return (caller, roleArn, permission, quietly = false) => {
    const allowed = decide(roles.policiesOf(roleArn), permission) === "allow";
    if (!quietly || !allowed) {
      emit({ kind: "call", at: Date.now(), caller, ...permission, allowed, status: allowed ? 200 : 400 });
    }
    return allowed;
  };
}
