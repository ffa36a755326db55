import { decide } from "../../cloud/access/policy";
import type { CloudEvent } from "../../cloud/cloud-event";
import type { Permission } from "../../cloud/protocol";
import type { Roles } from "./roles";

/** Whether a role may do something on behalf of an AWS service; reports the call. `quietly`: reports denials only. */
export type May = (caller: string, roleArn: string, permission: Permission, quietly?: boolean) => boolean;

export function mayOf(roles: Roles, emit: (event: CloudEvent) => void): May {
  return (caller, roleArn, permission, quietly = false) => {
    const allowed = decide(roles.policiesOf(roleArn), permission) === "allow";
    if (!quietly || !allowed) {
      emit({ kind: "call", at: Date.now(), caller, ...permission, allowed, status: allowed ? 200 : 400 });
    }
    return allowed;
  };
}
