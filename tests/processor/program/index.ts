import { StreamIngestion } from "../../../components";

const ingestion = new StreamIngestion(
  "processed",
  {
    source: { url: "http://127.0.0.1:1", path: "/" },
    processor: { entry: "./processor.ts", timeoutSeconds: 6 },
    removal: "delete",
  },
  // Lambda gives up after the first retry, so that a test does not wait for all five.
  { transform: { mapping: { maximumRetryAttempts: 1 } } },
);

export const tableName = ingestion.tableName;
export const bucketName = ingestion.bucketName;
export const processorArn = ingestion.processorArn;
