export {};

/**
 * Imported first for its side effect: it exits with a clear message on an older Node, which would otherwise fail on a later
 * import with a syntax or module error.
 */
const MINIMUM = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  process.stderr.write(
    `stream-ingestion requires Node ${MINIMUM.join(".")} or newer, but runs on ${process.versions.node}. ` +
      "Install a newer Node that is first on PATH, which a bare `pulumi` uses too. For commands of npx and npm scripts alone, add it to your " +
      "project: npm install --save-dev node@24\n",
  );
  process.exit(1);
}
