import { StreamIngestion } from "./components";
import { readConfig } from "./components/config";

const { url, path, key, streams } = readConfig();

const ingestion = new StreamIngestion("prices", {
  source: { url, path, key },
  processor: { entry: "./examples/log-events/processor.ts" },
  streams,
});

/** Base URL of the connection API: POST, GET and DELETE `/connections/{streamId}`. */
export const apiUrl = ingestion.apiUrl;
export const tableName = ingestion.tableName;
export const connectionTableName = ingestion.connectionTableName;
export const bucketName = ingestion.bucketName;
export const secretArn = ingestion.secretArn;
export const processorArn = ingestion.processorArn;
