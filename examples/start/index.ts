// index.ts
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();
const prices = new StreamIngestion("prices", {
  source: { url: config.requireSecret("url"), path: config.requireSecret("path"), key: config.requireSecret("key") },
  processor: { entry: "./processor.ts" },
  streams: ["EUR_USD"],
});
export const { apiUrl, tableName, bucketName, processorArn } = prices;
