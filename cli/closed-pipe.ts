/**
 * Ends the command as Ctrl-C does when the reader of its output ends first, as in `… --json | head -1` or `… 2>&1 | head -1`: without
 * an error, and with everything closed that it started.
 */
export function endOnClosedPipe(process: NodeJS.Process): void {
  let ended = false;
  const end = (error: NodeJS.ErrnoException) => {
    // EIO: the terminal was closed.
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    if (ended) return;
    ended = true;
    // A command that failed keeps its exit code.
    if (!process.emit("SIGINT")) process.exit();
  };
  process.stdout.on("error", end);
  process.stderr.on("error", end);
}
