import { LocalError } from "../local-error";
import { type LocalCloud, providerFunctions } from "../services/services";
import { type Answers, invokeAnswer } from "./answers";
import type { Invocation } from "./messages";
import type { Properties } from "./wire";

/** Answers a provider function that the program calls. */
export function answerInvocation(cloud: LocalCloud, { token, args }: Invocation, answers: Answers): Properties {
  const answered = invokeAnswer(token, answers);
  if (answered !== undefined) return answered;
  const answer = providerFunctions.get(token);
  if (answer === undefined) {
    const known = [...providerFunctions.keys()].join(", ");
    throw new LocalError(
      `The program calls ${token}, which the local stack does not support. Answer it with --invoke '${token}={…}'. Supported: ${known}.`,
    );
  }
  return answer(cloud, args);
}
