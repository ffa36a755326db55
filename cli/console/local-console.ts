import type { StreamView } from "../local/connection-api";
import type { IngestionStack } from "../local/ingestion-stack";
import type { StackEvent } from "../local/stack-event";
import { sessionResources } from "../session/session-resources";
import { liveConsole } from "./live-console";
import type { ConsoleServer } from "./server";

/** The console of a local stack. The endpoint of the local cloud serves it. */
export interface LocalConsole extends Pick<ConsoleServer, "handle" | "link" | "close"> {
  event(event: StackEvent): void;
  streams(stack: IngestionStack, streams: readonly StreamView[]): void;
  note(text: string): void;
  /** Reads the resources of a stack that has started or was updated. */
  adopt(stack: IngestionStack): Promise<void>;
}

const MS = { failures: 2_000, alarms: 5_000 };
const REGION = "us-east-1";
const FUNCTION = "aws:lambda/function:Function";

/** @param token of the link. @param onError receives the first error of the console itself */
export function localConsole(stack: string, token: string, onError: (text: string) => void): LocalConsole {
  const capabilities = { kind: "local", stack, region: REGION, write: true, unavailable: {} } as const;
  const { state, server, follow, close, guarded } = liveConsole(capabilities, { token, onError });
  /** Functions whose code could not be loaded. */
  const unloaded = new Set<string>();
  function clearUnloaded(functionName: string): void {
    if (unloaded.delete(functionName)) state.notice(`loading ${functionName}`);
  }

  function show(event: StackEvent): void {
    state.event(event);
    if (event.kind === "log") state.log(event);
    if (event.kind === "denied")
      state.notice(
        `denied ${event.caller} ${event.action}`,
        `${event.caller} is not allowed ${event.action} on ${event.resource}.`,
      );
    if (event.kind === "init-failed") {
      const { errorType, errorMessage } = event.error;
      unloaded.add(event.functionName);
      state.notice(
        `loading ${event.functionName}`,
        `${event.functionName} could not be loaded: ${errorType}: ${errorMessage.replace(/\.$/, "")}. The log has the stack.`,
      );
    }
    if (event.kind === "initialised") clearUnloaded(event.functionName);
  }

  return {
    handle: server.handle,
    link: server.link,
    close,
    event: (event) => guarded(() => show(event)),
    streams({ instances }, streams) {
      guarded(() => {
        for (const { name, apiUrl } of instances)
          state.streams(
            name,
            apiUrl,
            streams.filter(({ instance }) => instance === name),
          );
      });
    },
    note: (line) => state.log({ at: Date.now(), functionName: "console", line }),
    async adopt({ cloud, resources }) {
      const { endpoint, region, operator } = cloud;
      const { accessKeyId, secretAccessKey } = operator;
      const access = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
      const functions = new Set(resources.filter(({ type }) => type === FUNCTION).map(({ outputs }) => outputs.name));
      for (const name of unloaded) if (!functions.has(name)) clearUnloaded(name);
      await follow(sessionResources(resources), access, MS);
    },
  };
}
