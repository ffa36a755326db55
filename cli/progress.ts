const BAR = 30;

/** `[#####.....] 50% 1,234 of 2,468 events` */
export function progressText(done: number, total: number, what: string): string {
  const share = Math.min(1, done / total);
  const filled = Math.floor(share * BAR);
  const bar = "#".repeat(filled) + ".".repeat(BAR - filled);
  return `[${bar}] ${Math.floor(share * 100)}% ${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} ${what}`;
}

/** Returns a function that prints the progress whenever the bar has changed. */
export function progressPrinter(total: number, what: string, print: (line: string) => void): (done: number) => void {
  let shown = "";
  return (done) => {
    const text = progressText(done, total, what);
    const bar = text.slice(0, text.indexOf("]"));
    if (bar !== shown) print(text);
    shown = bar;
  };
}
