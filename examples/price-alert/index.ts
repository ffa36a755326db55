import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

const ingestion = new StreamIngestion("alerts", {
  source: { url: config.requireSecret("url"), path: "/prices/{streamId}" },
  processor: {
    entry: "./processor.ts",
    environment: { WEBHOOK: config.requireSecret("webhook"), ABOVE: config.require("above") },
  },
  streams: ["EUR_USD"],
});

export const apiUrl = ingestion.apiUrl;
export const bucketName = ingestion.bucketName;
export const processorArn = ingestion.processorArn;
