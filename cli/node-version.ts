export {};

/**
 * Imported first, for its effect: an older Node would fail on some import further down with a message about syntax
 * or modules, so this stops it with a sentence before anything else loads.
 */
const NEEDED = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `stream-ingestion needs Node ${NEEDED.join(".")} or newer, this is ${process.versions.node}. ` +
      "Install a newer Node, or add it to your project: npm install --save-dev node@24\n",
  );
  process.exit(1);
}
