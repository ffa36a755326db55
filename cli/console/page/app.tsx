import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { noticeSentence } from "../notice-sentence";
import type { Command } from "../protocol";
import { AlarmsView } from "./alarms-view";
import { type Connection, type ConnectionState, connect } from "./connection";
import { ConsoleContext, type ConsoleState, useKept } from "./console-context";
import { Help, Question } from "./dialogs";
import { EventsView } from "./events-view";
import { FailuresView } from "./failures-view";
import { count } from "./format";
import { HandoversView } from "./handovers-view";
import { Header, nextTheme } from "./header";
import { useKeys } from "./keys";
import { LogsView } from "./logs-view";
import { applyMessage, type Model } from "./model";
import { VIEWS, type View, viewOf } from "./shortcuts";
import { StreamsView } from "./streams-view";

const PAGES: Readonly<Record<View, () => preact.JSX.Element>> = {
  streams: StreamsView,
  handovers: HandoversView,
  events: EventsView,
  failures: FailuresView,
  logs: LogsView,
  alarms: AlarmsView,
};
const MESSAGE_MS = 6_000;

export function App({ token }: { readonly token: string }) {
  const model = useRef<Model>(undefined);
  const connection = useRef<Connection>(undefined);
  const [version, setVersion] = useState(0);
  const [connected, setConnected] = useState<ConnectionState>({ state: "connecting" });
  const [pageNow, setPageNow] = useState(Date.now());
  const [view, setView] = useState(viewOf(location.hash));
  const [stream, select] = useKept<string | undefined>("stream", undefined);
  const [message, say] = useState<string>();
  const [isHelp, setHelp] = useState(false);
  const [question, setQuestion] = useState<{ readonly text: string; readonly command: Command }>();

  useEffect(() => {
    // Several messages are drawn together, and a hidden page draws nothing.
    let frame = 0;
    const draw = () => {
      frame = 0;
      setPageNow(Date.now());
      setVersion(model.current?.version ?? 0);
    };
    connection.current = connect(token, {
      onState: (next) =>
        setConnected((old) => {
          if (old.state === "lost" && next.state === "open") say("Connected again.");
          return old.state === "open" && next.state === "open" ? old : next;
        }),
      onMessage: (next) => {
        model.current = applyMessage(model.current, next, Date.now());
        frame ||= requestAnimationFrame(draw);
      },
    });
    const ticks = setInterval(() => setPageNow(Date.now()), 1_000);
    const onHash = () => setView(viewOf(location.hash));
    addEventListener("hashchange", onHash);
    return () => {
      cancelAnimationFrame(frame);
      clearInterval(ticks);
      removeEventListener("hashchange", onHash);
      connection.current?.close();
    };
  }, []);

  useEffect(() => {
    if (message === undefined) return;
    const timer = setTimeout(() => say(undefined), MESSAGE_MS);
    return () => clearTimeout(timer);
  }, [message]);

  const send = async (command: Command) => {
    const result = await connection.current?.command(command);
    if (result !== undefined) say(result.message);
  };
  const actions = useMemo(
    () => ({
      select,
      say,
      run: (command: Command, text?: string) =>
        text === undefined ? void send(command) : setQuestion({ text, command }),
      history: async (id: string | undefined) => connection.current?.history(id),
      payload: async (kind: "event" | "failure", id: string) => connection.current?.payload(kind, id),
    }),
    [],
  );
  const open = (next: View) => {
    location.hash = `#/${next}`;
  };
  useKeys({
    ...Object.fromEntries(VIEWS.map((one, i) => [`${i + 1}`, () => open(one)])),
    "/": () => document.querySelector<HTMLInputElement>("[data-first]")?.focus(),
    "?": () => setHelp(true),
    t: nextTheme,
  });

  if (connected.state === "refused") return <Refused />;
  if (model.current === undefined)
    return (
      <main class="waiting">
        <p role="status">{connected.state === "lost" ? "The console does not answer. Retrying …" : "Connecting …"}</p>
      </main>
    );
  const now = pageNow + model.current.skewMs;
  const state: ConsoleState = { ...actions, model: model.current, version, now, stream };
  const counts: Readonly<Partial<Record<View, number>>> = {
    streams: model.current.streams.size,
    failures: model.current.failures.size,
    alarms: [...model.current.alarms.values()].filter((alarm) => alarm.state === "ALARM").length,
  };
  const Page = PAGES[view];
  return (
    <ConsoleContext.Provider value={state}>
      <Header connection={connected} pageNow={pageNow} onHelp={() => setHelp(true)} />
      <nav aria-label="Views">
        {VIEWS.map((one, i) => (
          <a key={one} href={`#/${one}`} aria-current={one === view ? "page" : undefined}>
            <kbd>{i + 1}</kbd> {one[0]!.toUpperCase() + one.slice(1)}
            {counts[one] !== undefined && (
              <span class={one !== "streams" && counts[one] > 0 ? "badge bad" : "badge"}>{count(counts[one])}</span>
            )}
          </a>
        ))}
      </nav>
      <main class={view}>
        <h1 class="unseen">{view}</h1>
        <Notices model={model.current} />
        <Page />
      </main>
      <p class="toast" role="status">
        {message}
      </p>
      {isHelp && <Help onClose={() => setHelp(false)} />}
      {question && (
        <Question
          text={question.text}
          onAnswer={(isConfirmed) => {
            setQuestion(undefined);
            if (isConfirmed) void send(question.command);
          }}
        />
      )}
    </ConsoleContext.Provider>
  );
}

/** Notices with the same text are one: without credentials, nothing can be read. */
function Notices({ model }: { readonly model: Model }) {
  const notices = [...model.notices.values()];
  const texts = new Set(notices.map(({ text }) => text));
  return [...texts].map((text) => {
    const same = notices.filter((notice) => notice.text === text);
    return (
      <p key={text} class={`notice ${same[0]!.level}`}>
        {noticeSentence(text, ...same.map(({ what }) => what))}
      </p>
    );
  });
}

function Refused() {
  return (
    <main class="waiting">
      <h1>This link is not valid</h1>
      <p>Each run of the console has a new link. Open the one that the terminal printed last.</p>
    </main>
  );
}
