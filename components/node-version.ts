/** Imported first, for its effect: on an older Node, Pulumi's SDK or undici would fail further down with a message about syntax. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  throw new Error(
    `pulumi-stream-ingestion needs Node 22.19 or newer, this is ${process.versions.node}. ` +
      "Install a newer Node, or add it to the project: npm install --save-dev node@24",
  );
}

export {};
