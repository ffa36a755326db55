/** Arguments with which Node runs TypeScript of this repository: types are not checked, packages resolve to their sources. */
export const FROM_SOURCE = ["-C", "stream-ingestion-source", "-r", require.resolve("ts-node/register/transpile-only")];
