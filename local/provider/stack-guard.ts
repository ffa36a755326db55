import { LocalError } from "../local-error";

/** `urn:pulumi:stack::project::type::name`; a stack's name cannot contain a colon. */
const STACK_OF_URN = /^urn:pulumi:([^:]+)::/;

/**
 * Rejects resources of any stack but the local one. Otherwise an `up` of a production stack that runs in the local stack's
 * environment by mistake would deploy to this machine and report success.
 */
export function refuseOtherStacks(urn: string, stack: string): void {
  const found = STACK_OF_URN.exec(urn)?.[1];
  if (found === stack) return;
  throw new LocalError(
    `Expected a resource of the stack "${stack}", got ${urn}: the local stack deploys only "${stack}". ` +
      `Run \`pulumi … --stack ${stack}\`, run other stacks outside the local stack, ` +
      "or start it with `stream-ingestion local --stack NAME`.",
  );
}
