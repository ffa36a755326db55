/** Imported first for its side effect. On an older Node.js, Pulumi's SDK or undici would fail with a syntax error instead. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  throw new Error(
    `Expected Node.js 22.19 or later for pulumi-stream-ingestion, got ${process.versions.node}. ` +
      "Install a later version, or add it to the project (npm install --save-dev node@24) and run Pulumi with it: npx -c 'pulumi up'",
  );
}

export {};
