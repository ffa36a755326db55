import { LocalError } from "../local-error";

/** `urn:pulumi:stack::project::type::name`; a stack's name holds no colon. */
const STACK_OF_URN = /^urn:pulumi:([^:]+)::/;

/**
 * Refuses what does not belong to the one stack that lives here. Without it an `up` of a production stack, run by
 * mistake under the local stack, would go to the fake cloud and report success.
 */
export function refuseOtherStacks(urn: string, stack: string): void {
  const found = STACK_OF_URN.exec(urn)?.[1];
  if (found === stack) return;
  throw new LocalError(
    `Expected a resource of the stack "${stack}", got ${urn}: only "${stack}" lives in the local stack. ` +
      `Run \`pulumi … --stack ${stack}\` here, and other stacks without the local stack, ` +
      "or name this one with `stream-ingestion local --stack NAME`.",
  );
}
