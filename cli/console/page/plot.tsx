import { useEffect, useRef, useState } from "preact/hooks";
import "./valid-language";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { History } from "../protocol";
import { useConsole } from "./console-context";
import { duration, rate } from "./format";

type Columns = [number[], number[], number[], (number | null)[], (number | null)[]];

const HOUR_MS = 3_600_000;

/** Rates and lag of the last hour, of one stream or of all together. */
export function Plot({ stream, height }: { readonly stream: string | undefined; readonly height: number }) {
  const { model, history } = useConsole();
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const columns = useRef<Columns>(undefined);
  const [isLoaded, setLoaded] = useState(false);
  const theme = useTheme();

  useEffect(() => {
    let isCurrent = true;
    columns.current = undefined;
    setLoaded(false);
    void history(stream).then((answer) => {
      if (!isCurrent || answer === undefined) return;
      columns.current = columnsOf(answer);
      setLoaded(true);
    });
    return () => {
      isCurrent = false;
    };
  }, [stream]);

  useEffect(() => {
    const { current } = element;
    if (!isLoaded || current === null || columns.current === undefined) return;
    plot.current = new uPlot(options(current, height), columns.current, current);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: current.clientWidth, height }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [isLoaded, theme, height]);

  const { sample } = model;
  useEffect(() => {
    if (sample === undefined || columns.current === undefined) return;
    const values = stream === undefined ? sample.total : sample.streams[stream];
    const { inPerSecond = 0, storedPerSecond = 0, processedPerSecond = null, lagMs = null } = values ?? {};
    const [at, ...others] = columns.current;
    if ((at.at(-1) ?? 0) >= sample.at / 1_000) return;
    at.push(sample.at / 1_000);
    for (const [i, value] of [inPerSecond, storedPerSecond, processedPerSecond, lagMs].entries())
      (others[i] as (number | null)[]).push(value);
    while (at[0]! < (sample.at - HOUR_MS) / 1_000) for (const column of columns.current) column.shift();
    plot.current?.setData(columns.current);
  }, [sample]);

  const name = stream ?? "all streams";
  return (
    <figure class="plot">
      <figcaption>
        Rate and lag of {name}, last hour
        <span class="key in">in/s</span>
        <span class="key stored">stored/s</span>
        <span class="key processed">processed/s</span>
        <span class="key lag">lag</span>
      </figcaption>
      <div ref={element} class="canvas" role="img" aria-label={`Rate and lag of ${name} in the last hour`}>
        {!isLoaded && <p class="quiet">Loading the last hour …</p>}
      </div>
    </figure>
  );
}

function columnsOf({ at, inPerSecond, storedPerSecond, processedPerSecond, lagMs }: History): Columns {
  return [at.map((ms) => ms / 1_000), [...inPerSecond], [...storedPerSecond], [...processedPerSecond], [...lagMs]];
}

function options(element: HTMLElement, height: number): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`);
  const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
  const series = (name: string, label: string) => ({
    label,
    stroke: colour(name),
    width: 1.5,
    points: { show: false },
  });
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      rate: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] },
      lag: { range: (_, __, max) => [0, Math.max(100, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        space: 80,
        values: (_, times, __, ___, step) =>
          times.map((time) => new Date(time * 1_000).toTimeString().slice(0, step < 60 ? 8 : 5)),
      },
      { ...axis, scale: "rate", size: 52, values: (_, values) => values.map((value) => rate(value)) },
      {
        ...axis,
        scale: "lag",
        side: 1,
        size: 64,
        grid: { show: false },
        values: (_, values) => values.map((value) => duration(value)),
      },
    ],
    series: [
      {},
      { ...series("series-in", "in/s"), scale: "rate" },
      { ...series("series-stored", "stored/s"), scale: "rate" },
      { ...series("series-processed", "processed/s"), scale: "rate" },
      { ...series("series-lag", "lag"), scale: "lag", dash: [4, 3] },
    ],
  };
}

/** Changes when the page becomes light or dark, because a canvas does not follow the style sheet. */
function useTheme(): string {
  const read = () =>
    `${document.documentElement.dataset.theme ?? ""} ${matchMedia("(prefers-color-scheme: dark)").matches}`;
  const [theme, setTheme] = useState(read);
  useEffect(() => {
    const update = () => setTheme(read());
    const query = matchMedia("(prefers-color-scheme: dark)");
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    query.addEventListener("change", update);
    return () => {
      observer.disconnect();
      query.removeEventListener("change", update);
    };
  }, []);
  return theme;
}
