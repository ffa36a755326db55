import type { Result } from "./result";

/** The result as Markdown, for `npm run bench` and docs/benchmarks.md. */
export function report({ date, machine, paths, decode, bundle, units }: Result): string {
  const blueprint = (database: string) =>
    paths.find((one) => one.name.startsWith("blueprint") && one.database === database);
  const lines = (database: string) => paths.find((one) => one.name === "relay, lines" && one.database === database);
  const rows = paths.map((one) => {
    const base = blueprint(one.database);
    const reference = one.name.startsWith("relay, ") ? lines(one.database) : undefined;
    const share = reference && one !== reference ? reference.cpuMicrosecondsPerEvent / one.cpuMicrosecondsPerEvent : 0;
    const ratio = base && one !== base ? `${number(one.eventsPerSecond / base.eventsPerSecond)} ×` : "";
    return [
      one.name,
      one.database,
      number(one.eventsPerSecond),
      one.cpuMicrosecondsPerEvent.toFixed(1),
      ratio,
      share === 0 ? "" : `${number(100 * share)} %`,
      number(one.maxRssMegabytes),
    ];
  });
  const long = paths.find((one) => one.name.startsWith("memory"));
  return [
    `Measured ${date.slice(0, 10)} on ${machine}; events of 200 bytes over loopback, the database in a separate process.`,
    table(
      ["path", "database", "events/s", "CPU µs per event", "ratio to the blueprint", "of lines, by CPU", "peak RSS MB"],
      rows,
    ),
    long
      ? `Memory over ${number(long.events)} events, in steps (MB): ${long.rssMegabytes.map((mb) => Math.round(mb)).join(", ")}.`
      : "",
    table(
      ["decoder", "chunk bytes", "event bytes", "events/s of CPU", "MB/s", "baseline", "its MB/s", "ratio"],
      decode.map(({ ours, baseline }) => [
        ours.decoder,
        ...[ours.chunkBytes, ours.eventBytes, ours.eventsPerSecond, ours.megabytesPerSecond].map(number),
        baseline.decoder,
        number(baseline.megabytesPerSecond),
        `${(ours.megabytesPerSecond / baseline.megabytesPerSecond).toFixed(2)} ×`,
      ]),
    ),
    `Connection manager bundled: ${number(bundle.bytes / 1024)} KB minified, loaded in ${number(bundle.importMs)} ms.`,
    units.length === 0
      ? ""
      : table(
          ["sample stream", "events", "write units per 1,000 events", "raw", "saved", "packed"],
          units.map((one) => [
            ...[one.stream, number(one.events), number(one.units), number(one.rawUnits)],
            `${number(100 - (100 * one.units) / one.rawUnits)} %`,
            number(one.packedUnits),
          ]),
        ),
    "Not measured in this table: a throttled table and arm64. TLS and the share of a CPU core that Lambda gives 256 MB are below, under Packs.",
    "",
  ]
    .filter((part, i, all) => part !== "" || i === all.length - 1)
    .join("\n\n");
}

export function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
