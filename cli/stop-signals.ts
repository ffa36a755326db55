/** Ctrl-C, the signal of a supervisor, and that of a terminal that closes. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PARENT_POLL_MS = 500;

/**
 * Calls `onStop` at each signal that ends a command. A signal to npm or npx alone ends their shell and does not reach this process:
 * the end of that shell counts as the first signal. Returns a function that removes the handlers.
 */
export function onStopSignal(onStop: () => void): () => void {
  let stopped = false;
  const stop = () => {
    stopped = true;
    onStop();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const shell = process.ppid;
  const watching = setInterval(() => {
    if (stopped || process.ppid === shell) return;
    stop();
  }, PARENT_POLL_MS).unref();
  if (process.env.npm_execpath === undefined) clearInterval(watching);
  return () => {
    clearInterval(watching);
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}
