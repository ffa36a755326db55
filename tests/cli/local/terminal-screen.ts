/** The lines of a terminal after `output`, scrolled ones first: line feeds, wrapping, and the two sequences that progress uses. */
export function screenAfter(output: string, columns: number, rows: number): string[] {
  const lines = [""];
  let row = 0;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal reads them
  for (const [part, count, command] of output.matchAll(/\x1b\[(\d*)([A-Za-z])|[\s\S]/g)) {
    // The cursor cannot leave the screen for lines that have scrolled.
    if (command === "A") row = Math.max(lines.length - rows, 0, row - Number(count || 1));
    else if (command === "J") lines.splice(row, lines.length, lines[row]!.slice(0, column));
    else if (command !== undefined) continue;
    else if (part === "\r") column = 0;
    else if (part === "\n") lines[++row] ??= "";
    else {
      if (column === columns) {
        column = 0;
        lines[++row] ??= "";
      }
      lines[row] = `${lines[row]!.slice(0, column)}${part}${lines[row]!.slice(column + 1)}`;
      column += 1;
    }
  }
  return lines;
}
