import { type PolicyDocument, parsePolicy } from "../../cloud/access/policy";

/** IAM roles with their inline policies. */
export interface Roles {
  put(name: string): { readonly arn: string };
  remove(name: string): void;
  putPolicy(role: string, policyName: string, json: string): void;
  removePolicy(role: string, policyName: string): void;
  /** Policies of the role with this ARN; none when the role does not exist. */
  policiesOf(arn: string): readonly PolicyDocument[];
}

export function createRoles(accountId: string): Roles {
  const roles = new Map<string, Map<string, PolicyDocument>>();
  const arnOf = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
  const policiesOf = (name: string) => {
    const policies = roles.get(name);
    if (policies === undefined) throw new Error(`The role ${name} does not exist.`);
    return policies;
  };
  return {
    put(name) {
      if (!roles.has(name)) roles.set(name, new Map());
      return { arn: arnOf(name) };
    },
    remove: (name) => void roles.delete(name),
    putPolicy: (role, policyName, json) => void policiesOf(role).set(policyName, parsePolicy(json)),
    removePolicy: (role, policyName) => void roles.get(role)?.delete(policyName),
    policiesOf: (arn) => [...(roles.get(arn.slice(arn.lastIndexOf("/") + 1))?.values() ?? [])],
  };
}
