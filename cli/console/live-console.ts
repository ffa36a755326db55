import type { ExportedResource } from "../verify/find-deployment";
import type { AwsAccess } from "./aws-instance";
import { commandRunner } from "./commands";
import { type ConsoleState, consoleState } from "./console-state";
import { type Feed, type FeedOptions, startFeed } from "./feed";
import { noticeSentence } from "./notice-sentence";
import { pageAssets } from "./page-assets";
import { interval } from "./pages";
import { payloadReader } from "./payload-reader";
import type { Capabilities } from "./protocol";
import { type ConsoleServer, consoleServer } from "./server";

/** The console of one stack: what it knows, its server, and the feed that reads the stack. */
export interface LiveConsole {
  readonly state: ConsoleState;
  readonly server: ConsoleServer;
  /** Reads these resources from now on, in place of those before. */
  follow(resources: readonly ExportedResource[], access: AwsAccess, ms: FeedOptions["ms"]): Promise<Feed>;
  isWatched(): boolean;
  /** Runs what changes the state. An error in it is reported once, and does not end the process that is shown. */
  guarded(run: () => void): void;
  close(): void;
}

export interface LiveConsoleOptions {
  /** Receives each notice once, and one of those with the same text. */
  readonly onNotice?: (text: string) => void;
  /** Receives the first error of the console itself. @default as a notice */
  readonly onError?: (text: string) => void;
  /** Of the link. @default a random one */
  readonly token?: string;
}

export function liveConsole(
  capabilities: Capabilities,
  { onNotice = () => {}, onError = onNotice, token }: LiveConsoleOptions = {},
): LiveConsole {
  const state = withNotices(consoleState(capabilities, Date.now), onNotice);
  let feed: Feed | undefined;
  let isClosed = false;
  let hasFailed = false;
  function guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!hasFailed)
        onError(`The console does not show everything, because of an error in it. ${(error as Error).stack}`);
      hasFailed = true;
    }
  }
  const instanceOf = (name: string) => feed?.instance(name);
  const server = consoleServer({
    state,
    commands: commandRunner({
      state,
      target: instanceOf,
      targets: () => feed?.instances ?? [],
      readOnly: capabilities.readOnly,
      onDone: () => feed?.refresh(),
    }),
    payload: payloadReader({ state, source: instanceOf }),
    assets: pageAssets,
    token,
    every: (ms, run) => interval(ms, () => guarded(run)),
  });
  const isWatched = () => server.pageCount() > 0;
  return {
    state,
    server,
    isWatched,
    guarded,
    async follow(resources, access, ms) {
      const next = await startFeed({ state, access, resources, isWatched, ms });
      feed?.close();
      feed = next;
      state.keep(next.instances.map(({ deployment }) => deployment.instance));
      if (isClosed) feed.close();
      return feed;
    },
    close() {
      isClosed = true;
      feed?.close();
      server.close();
    },
  };
}

function withNotices(state: ConsoleState, onNotice: (text: string) => void): ConsoleState {
  const known = new Set<string>();
  return {
    ...state,
    notice(id, text, what) {
      if (text !== undefined && !known.has(id) && !known.has(text)) onNotice(noticeSentence(text, what));
      if (text !== undefined) known.add(id).add(text);
      state.notice(id, text, what);
    },
  };
}
