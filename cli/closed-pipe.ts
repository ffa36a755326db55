/**
 * `… --json | head -1`: the reader of stdout leaves first. That ends the command as Ctrl-C does, so that what it started is
 * closed, and without an error.
 */
export function endOnClosedPipe(process: NodeJS.Process): void {
  let ended = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (ended) return;
    ended = true;
    if (!process.emit("SIGINT")) process.exit(0);
  });
}
