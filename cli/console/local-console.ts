import type { StreamView } from "../local/connection-api";
import type { IngestionStack } from "../local/ingestion-stack";
import type { StackEvent } from "../local/stack-event";
import { sessionResources } from "../session/session-resources";
import { commandRunner } from "./commands";
import { type ConsoleState, consoleState } from "./console-state";
import { type Feed, startFeed } from "./feed";
import { pageAssets } from "./page-assets";
import { type ConsoleServer, consoleServer } from "./server";
import type { ConnectionState } from "./stream-view";

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

export function localConsole(stackName: string): LocalConsole {
  const capabilities = { kind: "local", stack: stackName, region: REGION, write: true, unavailable: {} } as const;
  const state: ConsoleState = consoleState(capabilities, Date.now);
  let feed: Feed | undefined;
  const commands = commandRunner({ state, target: (instance) => feed?.instance(instance) });
  const server = consoleServer({ state, commands, assets: pageAssets });
  let closed = false;
  return {
    handle: server.handle,
    link: server.link,
    event(event) {
      state.event(event);
      if (event.kind === "log") state.log(event);
      if (event.kind === "denied")
        state.notice(
          `denied ${event.caller} ${event.action}`,
          `${event.caller} is not allowed ${event.action} on ${event.resource}.`,
        );
      if (event.kind === "init-failed") {
        const { errorType, errorMessage } = event.error;
        const line = JSON.stringify({
          level: "error",
          message: "The code could not be loaded",
          errorType,
          errorMessage,
        });
        state.log({ ...event, line });
      }
    },
    streams({ instances }, streams) {
      for (const { name, apiUrl } of instances) {
        const own = streams.filter(({ instance }) => instance === name);
        state.streams(name, apiUrl, own as readonly (StreamView & ConnectionState)[]);
      }
    },
    note: (line) => state.log({ at: Date.now(), functionName: "console", line }),
    async adopt({ cloud, resources }) {
      const { endpoint, region, operator } = cloud;
      const { accessKeyId, secretAccessKey } = operator;
      const next = await startFeed({
        state,
        access: { endpoint, region, credentials: { accessKeyId, secretAccessKey } },
        resources: sessionResources(resources),
        isWatched: () => server.pageCount() > 0,
        ms: MS,
      });
      feed?.close();
      feed = next;
      if (closed) feed.close();
    },
    close() {
      closed = true;
      feed?.close();
      server.close();
    },
  };
}
