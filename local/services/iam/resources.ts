import type { Cloud } from "../../cloud/cloud";
import { define, physicalName } from "../../resources/define";
import type { Roles } from "./roles";

interface IamCloud extends Cloud {
  readonly roles: Roles;
}

interface RoleInputs {
  readonly name?: string;
  readonly namePrefix?: string;
  readonly inlinePolicies?: readonly { readonly name: string; readonly policy: string }[];
}

/** A role with its inline policies. The assume-role policy is not checked. */
export const role = define<IamCloud, RoleInputs>({
  inputs: [
    "name",
    "namePrefix",
    "assumeRolePolicy",
    "inlinePolicies",
    "description",
    "maxSessionDuration",
    "path",
    "permissionsBoundary",
    "tags",
  ],
  replaceOn: ["name", "namePrefix", "path"],
  put({ roles }, { name: pulumiName, inputs }, before) {
    const name = before?.id ?? physicalName(inputs.name, inputs.namePrefix ?? pulumiName);
    const { arn } = roles.put(name);
    for (const policy of inputs.inlinePolicies ?? []) roles.putPolicy(name, policy.name, policy.policy);
    return { id: name, outputs: { name, arn, uniqueId: `AROA${name.toUpperCase()}` } };
  },
  remove: ({ roles }, id) => roles.remove(id),
});

interface RolePolicyInputs {
  readonly name?: string;
  readonly role: string;
  readonly policy: string;
}

/** A policy of a role. It is checked at every call with the role's credentials. */
export const rolePolicy = define<IamCloud, RolePolicyInputs>({
  inputs: ["name", "namePrefix", "role", "policy"],
  replaceOn: ["name", "namePrefix", "role"],
  put({ roles }, { name: pulumiName, inputs }, before) {
    const name = before?.id.split(":")[1] ?? physicalName(inputs.name, pulumiName, 128);
    roles.putPolicy(inputs.role, name, inputs.policy);
    return { id: `${inputs.role}:${name}`, outputs: { name } };
  },
  remove({ roles }, id) {
    const [roleName = "", name = ""] = id.split(":");
    roles.removePolicy(roleName, name);
  },
});
