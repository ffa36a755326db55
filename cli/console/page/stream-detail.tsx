import type { StreamView } from "../protocol";
import { useConsole } from "./console-context";
import { equationOf } from "./equation";
import { Action } from "./field";
import { bytes, clock, count, countdown, duration, seam, seconds } from "./format";
import type { KeyActions } from "./keys";
import { Plot } from "./plot";

export function StreamState({ stream: { state, asDesired } }: { readonly stream: StreamView }) {
  return <span class={`state ${asDesired ? state : `${state} wrong`}`}>{state}</span>;
}

interface StreamCommand {
  readonly text: string;
  readonly key: string;
  readonly problem?: string;
  run(): void;
}

/** What can be done with a stream now, as buttons and as keys. */
export function useStreamCommands(stream: StreamView | undefined): {
  readonly list: readonly StreamCommand[];
  readonly keys: KeyActions;
} {
  const { model, run, say } = useConsole();
  const { write, readOnly = "This console only reads." } = model.capabilities;
  const of = (
    command: "start" | "stop" | "handover",
    text: string,
    key: string,
    problem: string | undefined,
    question?: string,
  ) => ({
    ...{ text, key, problem: write ? problem : readOnly },
    run: () => stream && run({ command, stream: stream.id }, question),
  });
  const isOpen = stream?.desired === "open";
  const list = stream
    ? [
        of("start", "Start", "s", isOpen && stream.state !== "failed" ? "It is started." : undefined),
        of("stop", "Stop", "x", isOpen ? undefined : "It is stopped.", `Stop ${stream.id}?`),
        of(
          "handover",
          "Hand over now",
          "h",
          stream.state === "open" ? undefined : "Only an open stream can hand over.",
        ),
      ]
    : [];
  const keys = list.map(({ key, problem, run: act }) => [key, () => (problem === undefined ? act() : say(problem))]);
  return { list, keys: Object.fromEntries(keys) as KeyActions };
}

interface DetailProps {
  readonly stream: StreamView | undefined;
  readonly commands: { readonly list: readonly StreamCommand[] };
}

export function StreamDetail({ stream, commands }: DetailProps) {
  if (stream === undefined)
    return (
      <aside class="detail" aria-label="All streams">
        <h2>All streams</h2>
        <Plot stream={undefined} height={220} />
        <p class="quiet">
          Select a stream with <kbd>j</kbd> and <kbd>k</kbd>, or with a click.
        </p>
      </aside>
    );
  return (
    <aside class="detail" aria-label={`Stream ${stream.id}`}>
      <h2>{stream.id}</h2>
      <div class="actions">
        {commands.list.map(({ text, key, problem, run }) => (
          <Action key={key} text={text} shortcut={key} disabled={problem !== undefined} title={problem} onClick={run} />
        ))}
      </div>
      {stream.lastError && (
        <p class="error">
          <strong>{stream.lastError.code}</strong> {stream.lastError.message}{" "}
          <span class="quiet">{clock(stream.lastError.at)}</span>
        </p>
      )}
      <Facts stream={stream} />
      <Accounting stream={stream} />
      <Plot stream={stream.id} height={170} />
    </aside>
  );
}

function Facts({ stream }: { readonly stream: StreamView }) {
  const { now } = useConsole();
  const { state, since, connectedSince, attempt, retryAt, generation, hop, handovers, checkpoint, counters } = stream;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["State", `${state} for ${seconds(now - since)}`],
    ["Connected", connectedSince === undefined ? undefined : `${seconds(now - connectedSince)}`],
    ["Connects again", retryAt === undefined ? undefined : `${inTime(retryAt - now)}, attempt ${attempt + 1}`],
    ["Hop", hop === undefined ? undefined : `${hop.requestId}, generation ${generation}`],
    ["Next handover", hop?.handoverAt === undefined ? undefined : inTime(hop.handoverAt - now)],
    ["Hop ends", hop?.deadlineAt === undefined ? undefined : inTime(hop.deadlineAt - now)],
    [
      "Handovers",
      handovers === undefined || handovers.count === 0
        ? undefined
        : `${count(handovers.count)}, last: ${seam(handovers.lastGapMs)}, worst: ${seam(handovers.maxGapMs)}`,
    ],
    ["Reconnects", count(counters.reconnects)],
    ["Read", bytes(counters.bytes)],
    ["Lag", duration(stream.rates.lagMs)],
    ["Checkpoint", checkpoint],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function inTime(ms: number): string {
  return ms <= 0 ? "due" : `in ${countdown(ms)}`;
}

function Accounting({ stream }: { readonly stream: StreamView }) {
  const { received, terms, difference } = equationOf(stream.counters);
  return (
    <section aria-label="Accounting">
      <h3>Every received event is accounted for</h3>
      <p class="equation">
        <span class="term">
          <b>{count(received)}</b> received
        </span>
        {terms.map(({ name, label, explanation, value }, i) => (
          <span key={name} class={value === 0 ? "term zero" : "term"} title={explanation}>
            <i>{i === 0 ? "=" : "+"}</i> <b>{count(value)}</b> {label}
          </span>
        ))}
      </p>
      <p class={difference === 0 ? "quiet" : "bad"}>
        {difference === 0
          ? "The equation holds."
          : `The equation does not hold: the difference is ${count(difference)}.`}
      </p>
    </section>
  );
}
