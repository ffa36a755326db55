/** Type of the resource that Pulumi puts above all others; it does not show in their URNs. */
export const STACK_TYPE = "pulumi:pulumi:Stack";

/**
 * The URN as the engine builds it: `urn:pulumi:stack::project::parentType$type::name`. (The mock monitor of the SDK
 * keeps only the last parent type, and writes the stack's, so two resources can share one URN there.)
 */
export function urnOf(stack: string, project: string, parent: string, type: string, name: string): string {
  const parentType = parent.split("::")[2] ?? "";
  const qualified = parentType === "" || parentType === STACK_TYPE ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}
