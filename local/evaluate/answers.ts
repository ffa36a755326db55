import { LocalError } from "../local-error";
import type { Properties } from "./wire";

/** Answers to what a program asks of the rest of the world: stacks and provider functions that are not on this machine. */
export interface Answers {
  /** Outputs of every stack that the program refers to: JSON, or text. */
  readonly stackOutputs?: Readonly<Record<string, string>>;
  /** Results of provider functions as JSON objects, by token such as `aws:ssm/getParameter:getParameter`. */
  readonly invokes?: Readonly<Record<string, string>>;
}

export const STACK_REFERENCE = "pulumi:pulumi:StackReference";

/** The state of a `StackReference`. @throws LocalError without any output */
export function referencedStack(name: string, { stackOutputs = {} }: Answers): Properties {
  if (Object.keys(stackOutputs).length === 0)
    throw new LocalError(
      `The program reads the outputs of the stack "${name}", which do not exist locally. Pass each with --stack-output NAME=VALUE.`,
    );
  const outputs = Object.fromEntries(Object.entries(stackOutputs).map(([output, text]) => [output, value(text)]));
  return { name, outputs, secretOutputNames: [] };
}

/** The result of a provider function, if there is an answer. @throws LocalError for an answer that is not a JSON object */
export function invokeAnswer(token: string, { invokes = {} }: Answers): Properties | undefined {
  const text = invokes[token];
  if (text === undefined) return undefined;
  const result = value(text);
  if (typeof result === "object" && result !== null && !Array.isArray(result)) return result as Properties;
  throw new LocalError(`Expected the answer of ${token} to be a JSON object such as {"value":"a"}, got ${text}.`);
}

function value(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
