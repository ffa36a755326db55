import type { Episode } from "./episode";

/** One row per fault. A combination of two faults has its own row. */
export function chaosTable(episodes: readonly Episode[]): string {
  const named = episodes.map((episode) => ({ name: episode.faults.join(" + "), episode }));
  const names = [...new Set(named.map(({ name }) => name))].sort();
  const rows = names.map((name) =>
    rowOf(
      name,
      named.filter((one) => one.name === name).map((one) => one.episode),
    ),
  );
  const head = ["fault", "times", "events", "lost", "processed twice", "recovery median ms", "worst ms", "failed"];
  return aligned([head, ...rows, rowOf("all", episodes)]);
}

function rowOf(name: string, episodes: readonly Episode[]): string[] {
  const sum = (of: (episode: Episode) => number) => episodes.reduce((total, episode) => total + of(episode), 0);
  const recoveries = episodes.map(({ recoveryMs }) => recoveryMs).sort((a, b) => a - b);
  const numbers = [
    episodes.length,
    sum(({ sent }) => sent),
    sum(({ lost }) => lost),
    sum(({ processedTwice }) => processedTwice),
    recoveries[Math.floor(recoveries.length / 2)] ?? 0,
    recoveries.at(-1) ?? 0,
    episodes.filter(({ problems }) => problems.length > 0).length,
  ];
  return [name, ...numbers.map((number) => number.toLocaleString("en-US"))];
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}
