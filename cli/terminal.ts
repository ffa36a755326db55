import pc from "picocolors";

/** Where a command writes: the result to stdout, everything else to stderr. Tests pass their own. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Colours on a terminal; otherwise functions that return the text unchanged. */
  readonly colours: ReturnType<typeof pc.createColors>;
  readonly setExitCode: (code: number) => void;
}

export const terminal: Terminal = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  // picocolors alone also enables colours in CI, where log files keep the escape codes.
  colours: pc.createColors(process.stdout.isTTY === true && pc.isColorSupported),
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

/** Exit codes of the operating commands; `--help` lists them. */
export const EXIT = { done: 0, failed: 1, notAsDesired: 2, notFound: 3 } as const;

export const EXIT_HELP = `
Exit codes: 0 done · 1 failed or refused · 2 the stream is not as desired (status) · 3 the stream or object does not exist`;

/** An error that is shown to the user as its message, without a stack trace. */
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

/** Escapes control characters: messages and checkpoints contain upstream text, which must not control the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
