import { LocalError } from "../local-error";

/** The message for a program's error. An error that is not meant for the user also shows the line of the program. */
export function describeProgramError(error: unknown, directory: string): string {
  if (!(error instanceof Error)) return `The program threw ${String(error)}.`;
  if (error instanceof LocalError || isMeantForTheUser(error)) return error.message;
  const lines = error.stack?.split("\n") ?? [];
  const own = lines.find((line) => line.includes(directory) && !line.includes("node_modules"));
  return `The program failed: ${error.name}: ${error.message}${own === undefined ? "" : `\n${own}`}`;
}

/** Pulumi marks ResourceError and RunError with these fields, since `instanceof` fails across copies of the SDK. */
function isMeantForTheUser(error: Error): boolean {
  const marks = error as {
    __pulumResourceError?: unknown;
    __pulumiResourceError?: unknown;
    __pulumiRunError?: unknown;
  };
  return Boolean(marks.__pulumResourceError ?? marks.__pulumiResourceError ?? marks.__pulumiRunError);
}
