import { displayWidth } from "./display-width";
import type { TerminalSize } from "./live-view";

export interface TextOutput {
  write(text: string): void;
  /** True for a terminal, where each progress replaces the one before. */
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Lines that stay, and below them a block that each call of `live` replaces. */
export interface Screen {
  readonly size: TerminalSize;
  print(text: string): void;
  live(lines: readonly string[]): void;
}

const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

export function openScreen(output: TextOutput): Screen {
  let block: readonly string[] = [];
  const size = () => ({
    columns: output.columns || DEFAULT_SIZE.columns,
    rows: output.rows || DEFAULT_SIZE.rows,
  });

  /** A terminal that became narrower wraps the lines of the block, which then take more rows. */
  function erase(): string {
    const { columns, rows } = size();
    const height = block.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
    return height === 0 ? "" : `\x1b[${Math.min(height, rows - 1)}A\x1b[0J`;
  }

  return {
    get size() {
      return size();
    },
    print(text) {
      output.write(`${erase()}${text}\n`);
      block = [];
    },
    live(lines) {
      output.write(`${erase()}${lines.join("\n")}${lines.length > 0 ? "\n" : ""}`);
      block = lines;
    },
  };
}
