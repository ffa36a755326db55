import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

const minutes = new aws.dynamodb.Table("minutes", {
  billingMode: "PAY_PER_REQUEST",
  attributes: [
    { name: "instrument", type: "S" },
    { name: "minute", type: "S" },
  ],
  hashKey: "instrument",
  rangeKey: "minute",
});

const ingestion = new StreamIngestion("averages", {
  source: { url: config.requireSecret("url"), path: "/prices/{streamId}" },
  processor: {
    entry: "./processor.ts",
    environment: { MINUTES: minutes.name },
    policyStatements: [{ actions: ["dynamodb:UpdateItem"], resources: [minutes.arn] }],
  },
  streams: ["EUR_USD"],
});

export const apiUrl = ingestion.apiUrl;
export const bucketName = ingestion.bucketName;
export const processorArn = ingestion.processorArn;
export const minutesTable = minutes.name;
