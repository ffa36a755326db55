import type { Command, CommandResult, History, Payload, ServerMessage } from "../protocol";

export type ConnectionState =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** `retryAt`: when the page connects again. */
  | { readonly state: "lost"; readonly since: number; readonly retryAt: number }
  /** The link is not valid: it is of an earlier run. */
  | { readonly state: "refused" };

export interface Connection {
  command(command: Command): Promise<CommandResult>;
  /** Undefined: the server does not answer. */
  history(stream: string | undefined): Promise<History | undefined>;
  /** The whole payload of an event or of a failure, or why there is none. */
  payload(kind: "event" | "failure", id: string): Promise<Payload | CommandResult>;
  close(): void;
}

interface Listeners {
  onMessage(message: ServerMessage): void;
  onState(state: ConnectionState): void;
}

const TOKEN = "stream-ingestion-console";
const NO_ANSWER: CommandResult = {
  ok: false,
  message: "The console's server does not answer. Check the terminal that it runs in.",
};
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000];

/** The token of the link, which is then removed from the address; a reload finds it in the tab's storage. */
export function takeToken(): string {
  const { hash, pathname, search } = location;
  if (hash.length > 1 && !hash.startsWith("#/")) {
    sessionStorage.setItem(TOKEN, decodeURIComponent(hash.slice(1)));
    history.replaceState(undefined, "", `${pathname}${search}#/`);
  }
  return sessionStorage.getItem(TOKEN) ?? "";
}

/** Receives messages until it is closed, and connects again after an error. */
export function connect(token: string, { onMessage, onState }: Listeners): Connection {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let lostSince: number | undefined;
  let isClosed = false;
  const headers = { authorization: `Bearer ${token}` };

  function open(): void {
    source = new EventSource(`/console/events?token=${encodeURIComponent(token)}`);
    source.onmessage = ({ data }) => {
      attempt = 0;
      lostSince = undefined;
      onState({ state: "open" });
      onMessage(JSON.parse(data as string) as ServerMessage);
    };
    source.onerror = () => void retry();
  }

  async function retry(): Promise<void> {
    source?.close();
    clearTimeout(timer);
    const delay = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!;
    attempt += 1;
    lostSince ??= Date.now();
    onState({ state: "lost", since: lostSince, retryAt: Date.now() + delay });
    // An EventSource does not show the status of the answer.
    const status = await fetch("/console/history", { headers }).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (isClosed) return;
    if (status === 401) onState({ state: "refused" });
    else timer = setTimeout(open, delay);
  }

  onState({ state: "connecting" });
  open();
  return {
    async command(command) {
      try {
        const answer = await fetch(`/console/commands/${command.command}`, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(command),
        });
        return (await answer.json()) as CommandResult;
      } catch {
        return NO_ANSWER;
      }
    },
    async history(stream) {
      const query = stream === undefined ? "" : `?id=${encodeURIComponent(stream)}`;
      const answer = await fetch(`/console/history${query}`, { headers }).catch(() => undefined);
      return answer?.ok ? ((await answer.json()) as History) : undefined;
    },
    async payload(kind, id) {
      const answer = await fetch(`/console/payload?${kind}=${encodeURIComponent(id)}`, { headers }).catch(() => {});
      return answer === undefined ? NO_ANSWER : ((await answer.json()) as Payload | CommandResult);
    },
    close() {
      isClosed = true;
      source?.close();
      clearTimeout(timer);
    },
  };
}
