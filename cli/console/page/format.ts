/** Digits in groups of three. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Events a second. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return "–";
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return "<0.1";
  return perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}

const UNITS = [
  [86_400_000, "d", 3_600_000, "h"],
  [3_600_000, "h", 60_000, "min"],
  [60_000, "min", 1_000, "s"],
] as const;

/** A length of time in at most two units. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return "–";
  const length = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (length < 1_000) return `${sign}${Math.round(length)} ms`;
  if (length < 10_000) return `${sign}${(Math.floor(length / 100) / 10).toFixed(1)} s`;
  for (const [unit, name, smaller, smallerName] of UNITS) {
    if (length < unit) continue;
    const rest = Math.floor((length % unit) / smaller);
    return `${sign}${Math.floor(length / unit)} ${name}${rest > 0 ? ` ${rest} ${smallerName}` : ""}`;
  }
  return `${sign}${Math.floor(length / 1_000)} s`;
}

/** How long ago or until when, in whole seconds: it changes once a second. */
export function seconds(ms: number): string {
  return duration(Math.max(0, Math.ceil(ms / 1_000)) * 1_000)
    .replace(".0 s", " s")
    .replace("0 ms", "0 s");
}

/** Until a time, in whole seconds. */
export function countdown(ms: number): string {
  return ms <= 0 ? "due" : seconds(ms);
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(1)} KB`;
  return value < 1_000_000_000 ? `${(value / 1_000_000).toFixed(1)} MB` : `${(value / 1_000_000_000).toFixed(2)} GB`;
}

/** Local time of day with milliseconds. */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The time of day, or the date and the minute of a time that is not today. */
export function moment(at: number, now: number): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return clock(at);
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${clock(at).slice(0, 5)}`;
}

/** What the time between two connections was: an overlap, or a gap. */
export function seam(gapMs: number | undefined): string {
  if (gapMs === undefined) return "–";
  return gapMs < 0 ? `overlap ${duration(-gapMs)}` : `gap ${duration(gapMs)}`;
}

/** Without the indentation that all its lines have. */
export function dedented(text: string): string {
  const lines = text.split("\n");
  const indent = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join("\n");
}

/** JSON is indented; other text stays as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
