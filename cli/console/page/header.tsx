import type { Sample } from "../protocol";
import type { ConnectionState } from "./connection";
import { useConsole } from "./console-context";
import { duration, rate, seconds } from "./format";

const THEME = "stream-ingestion-theme";
const THEMES = ["", "light", "dark"] as const;

export function restoreTheme(): void {
  document.documentElement.dataset.theme = localStorage.getItem(THEME) ?? "";
}

/** As the system, light, dark, and again. */
export function nextTheme(): void {
  const { dataset } = document.documentElement;
  const next = THEMES[(THEMES.findIndex((theme) => theme === (dataset.theme ?? "")) + 1) % THEMES.length]!;
  dataset.theme = next;
  localStorage.setItem(THEME, next);
}

interface HeaderProps {
  readonly connection: ConnectionState;
  readonly pageNow: number;
  readonly onHelp: () => void;
}

export function Header({ connection, pageNow, onHelp }: HeaderProps) {
  const { model } = useConsole();
  const { kind, stack, region, write, readOnly, unavailable } = model.capabilities;
  const total = sumOf(model.instances.map((instance) => instance.total));
  const isLost = connection.state === "lost";
  return (
    <header class={isLost ? "lost" : ""}>
      <span class="title">
        <strong>StreamIngestion</strong>{" "}
        <span class="quiet">
          {stack} · {kind === "local" ? "this machine" : region}
        </span>
        {!write && (
          <span class="badge" title={readOnly}>
            read-only
          </span>
        )}
      </span>
      <dl class="totals">
        {(
          [
            ["in/s", rate(total.inPerSecond), undefined],
            ["stored/s", rate(total.storedPerSecond), undefined],
            ["processed/s", rate(total.processedPerSecond), unavailable.processedPerSecond],
            ["lag", duration(total.lagMs), unavailable.lag],
          ] as const
        ).map(([name, value, reason]) => (
          <div key={name} title={reason}>
            <dd>{value}</dd>
            <dt>{name}</dt>
          </div>
        ))}
      </dl>
      <span role="status" class={isLost ? "connection lost" : "connection"}>
        {connection.state === "lost"
          ? `Connection lost ${seconds(pageNow - connection.since)} ago, retrying in ${seconds(connection.retryAt - pageNow)}`
          : "Live"}
      </span>
      <button type="button" title="Light, dark, or as the system" onClick={nextTheme}>
        Theme<kbd>t</kbd>
      </button>
      <button type="button" onClick={onHelp}>
        Keys<kbd>?</kbd>
      </button>
    </header>
  );
}

function sumOf(samples: readonly Sample[]): Sample {
  const sum = (value: (sample: Sample) => number | undefined) =>
    samples.reduce<number | undefined>((total, sample) => {
      const one = value(sample);
      return one === undefined ? total : (total ?? 0) + one;
    }, undefined);
  const lags = samples.flatMap(({ lagMs }) => (lagMs === undefined ? [] : [lagMs]));
  return {
    inPerSecond: sum((sample) => sample.inPerSecond) ?? 0,
    storedPerSecond: sum((sample) => sample.storedPerSecond) ?? 0,
    processedPerSecond: sum((sample) => sample.processedPerSecond),
    lagMs: lags.length === 0 ? undefined : Math.max(...lags),
  };
}
