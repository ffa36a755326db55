import { readSession, removeSession, type Session, sessionFile } from "./session-file";

export interface SessionChoice {
  readonly stack?: string;
  readonly program?: string;
  readonly apiUrl?: string;
  readonly json?: boolean;
}

/**
 * The running local stack of the project, with which this process then makes its AWS calls. `--stack`, `--api-url` and an
 * AWS_ENDPOINT_URL of something else win.
 *
 * @param report receives which deployment the command uses, and why a session was ignored
 */
export async function findSession(
  { stack, program = ".", apiUrl, json }: SessionChoice,
  report: (message: string) => void = (message) => process.stderr.write(`${message}\n`),
  env: NodeJS.ProcessEnv = process.env,
): Promise<Session | undefined> {
  const note = json ? () => {} : report;
  const session = stack === undefined && apiUrl === undefined ? readSession(program) : undefined;
  if (session === undefined || ![undefined, "", session.endpoint].includes(env.AWS_ENDPOINT_URL)) return undefined;
  const { isProcessAlive, operatorEnvironment } = await import("stream-ingestion-local");
  if (!isProcessAlive(session.pid)) {
    removeSession(program);
    note(
      `The local stack in ${sessionFile(program)} has ended (process ${session.pid} does not run). ` +
        "The file is removed, and the command continues with the selected Pulumi stack.",
    );
    return undefined;
  }
  note(`Using the local stack at ${session.endpoint}. Pass --stack NAME for a deployed one.`);
  for (const [name, value] of Object.entries(operatorEnvironment(session))) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return session;
}
