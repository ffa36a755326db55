import type { Service } from "../service";
import { type Authorize, createAuthorizer } from "./authorizer";
import { role, rolePolicy } from "./resources";
import { createRoles, type Roles } from "./roles";

export const iam: Service<{ readonly roles: Roles; readonly authorize: Authorize }> = {
  open({ accountId, emit }) {
    const roles = createRoles(accountId);
    return { model: { roles, authorize: createAuthorizer(roles, emit) } };
  },
  resources: { "aws:iam/role:Role": role, "aws:iam/rolePolicy:RolePolicy": rolePolicy },
};
