import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

const queue = new aws.sqs.Queue("events", { fifoQueue: true, sqsManagedSseEnabled: true });

const ingestion = new StreamIngestion("forward", {
  source: { url: config.requireSecret("url"), path: "/prices/{streamId}" },
  processor: {
    entry: "./processor.ts",
    environment: { QUEUE: queue.url },
    policyStatements: [{ actions: ["sqs:SendMessage"], resources: [queue.arn] }],
  },
  streams: ["EUR_USD"],
});

export const apiUrl = ingestion.apiUrl;
export const bucketName = ingestion.bucketName;
export const processorArn = ingestion.processorArn;
export const queueUrl = queue.url;
