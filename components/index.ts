import "./node-version";

export * from "./args";
export type { Stores } from "./stores";
export { StreamIngestion, type StreamIngestionNodes } from "./stream-ingestion";
