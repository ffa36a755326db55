import pc from "picocolors";

/** Where a command writes: stdout for what was asked, stderr for everything else. Tests pass their own. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Colours, or functions that leave text alone where nobody looks. */
  readonly colours: ReturnType<typeof pc.createColors>;
  readonly setExitCode: (code: number) => void;
}

export const terminal: Terminal = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  // picocolors itself also colours under CI, where the log file keeps the escape codes.
  colours: pc.createColors(process.stdout.isTTY === true && pc.isColorSupported),
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

/** Exit codes of the operating commands, in `--help` too. */
export const EXIT = { done: 0, failed: 1, notAsDesired: 2, notFound: 3 } as const;

export const EXIT_HELP = `
Exit codes: 0 done · 1 failed or refused · 2 the stream is not as desired (status) · 3 no such stream`;

/** A failure whose message is all there is to say: no stack. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly exitCode: number = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "CliError";
  }
}

/** What stands upstream in a message or checkpoint is not ours: no escape sequence of it reaches the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
