import "./node-version";

export * from "./args";
export { type Stores, StreamIngestion, type StreamIngestionNodes } from "./stream-ingestion";
