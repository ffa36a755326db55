import type * as pulumi from "@pulumi/pulumi";
import { Output } from "@pulumi/pulumi";

interface State {
  readonly isSecret: Promise<boolean>;
  readonly isKnown: Promise<boolean>;
  promise(): Promise<unknown>;
}

/** What an output has and does not declare. */
export async function stateOf(output: unknown): Promise<{ secret: boolean; known: boolean; value: unknown }> {
  const { isSecret, isKnown } = output as State;
  return { secret: await isSecret, known: await isKnown, value: await (output as State).promise() };
}

/** An output of a resource that a preview does not know. */
export function unknownOutput(): pulumi.Output<string> {
  const make = Output as unknown as new (...state: unknown[]) => pulumi.Output<string>;
  const never = Promise.resolve(false);
  return new make([], Promise.resolve(undefined), never, never, Promise.resolve([]));
}
