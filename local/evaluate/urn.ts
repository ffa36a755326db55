/** Type of the root resource. URNs omit it as a parent type. */
export const STACK_TYPE = "pulumi:pulumi:Stack";

/**
 * Builds a URN as the engine does: `urn:pulumi:stack::project::parentType$type::name`. The SDK's mock monitor keeps only the
 * last parent type, so that two resources can have the same URN.
 */
export function urnOf(stack: string, project: string, parent: string, type: string, name: string): string {
  const parentType = parent.split("::")[2] ?? "";
  const qualified = parentType === "" || parentType === STACK_TYPE ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}
