import type { Service } from "../service";
import { type May, mayOf } from "./may";
import { role, rolePolicy } from "./resources";
import { createRoles, type Roles } from "./roles";

export const iam: Service<{ readonly roles: Roles; readonly may: May }> = {
  open({ accountId, emit }) {
    const roles = createRoles(accountId);
    return { model: { roles, may: mayOf(roles, emit) } };
  },
  resources: { "aws:iam/role:Role": role, "aws:iam/rolePolicy:RolePolicy": rolePolicy },
};
