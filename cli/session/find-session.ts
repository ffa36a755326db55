import { liveSessions, readSessions, type Session, sessionFile } from "./session-file";

export interface SessionChoice {
  readonly stack?: string;
  readonly program?: string;
  readonly apiUrl?: string;
  readonly json?: boolean;
}

/**
 * The running local stack of the project, with which this process then makes its AWS calls: of several, the one that
 * AWS_ENDPOINT_URL names, otherwise the newest. `--stack`, `--api-url` and an AWS_ENDPOINT_URL of something else win.
 *
 * @param report receives which deployment the command uses, and why a session was ignored
 */
export async function findSession(
  { stack, program = ".", apiUrl, json }: SessionChoice,
  report: (message: string) => void = (message) => process.stderr.write(`${message}\n`),
  env: NodeJS.ProcessEnv = process.env,
): Promise<Session | undefined> {
  const note = json ? () => {} : report;
  const { AWS_ENDPOINT_URL: named = "" } = env;
  const sessions = stack === undefined && apiUrl === undefined ? readSessions(program) : [];
  const known = sessions.filter(({ endpoint }) => named === "" || originOf(endpoint) === originOf(named));
  const [newest] = known;
  if (newest === undefined) return undefined;
  const { isProcessAlive, operatorEnvironment } = await import("stream-ingestion-local");
  const [session, ...others] = liveSessions(program, known, isProcessAlive);
  if (session === undefined) {
    note(
      `The local stack in ${sessionFile(program, newest.pid)} has ended (process ${newest.pid} does not run). ` +
        "The file is removed, and the command continues with the selected Pulumi stack.",
    );
    return undefined;
  }
  note(usedText(session, others));
  for (const [name, value] of Object.entries(operatorEnvironment(session))) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return session;
}

/** The endpoint without a path. A local stack listens on 127.0.0.1, which is also localhost. */
function originOf(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint;
  const url = new URL(endpoint);
  if (url.hostname === "localhost") url.hostname = "127.0.0.1";
  return url.origin;
}

function usedText({ endpoint }: Session, others: readonly Session[]): string {
  const deployed = "Pass --stack NAME for a deployed one.";
  if (others.length === 0) return `Using the local stack at ${endpoint}. ${deployed}`;
  return (
    `Using the newest local stack, at ${endpoint}. Set AWS_ENDPOINT_URL to use another: ` +
    `${others.map((other) => other.endpoint).join(", ")}. ${deployed}`
  );
}
