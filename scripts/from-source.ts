/** Node arguments to run this repository's TypeScript without type checks. Packages resolve to their sources. */
export const FROM_SOURCE = ["-C", "stream-ingestion-source", "-r", require.resolve("ts-node/register")];
