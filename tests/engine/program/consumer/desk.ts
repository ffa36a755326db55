// Pulumi's options for a component. The configuration contains the changes between two ups.
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();
const elsewhere = new aws.Provider("elsewhere", { region: "eu-west-1", defaultTags: { tags: { owner: "desk" } } });

class Desk extends pulumi.ComponentResource {
  readonly tableName: pulumi.Output<string>;

  constructor() {
    super("desk:index:Desk", "desk");
    this.tableName = ingest("quotes", {
      parent: this,
      aliases: [{ name: "prices", parent: pulumi.rootStackResource }],
    });
    this.registerOutputs({});
  }
}

function ingest(name: string, options: pulumi.ComponentResourceOptions): pulumi.Output<string> {
  const { tableName } = new StreamIngestion(
    name,
    {
      source: { url: "https://stream.example.com", path: "/v1/{streamId}", key: "key" },
      processor: { entry: "./processor.ts" },
      removal: "delete",
      tags: { team: "markets" },
    },
    {
      ...options,
      providers: [elsewhere],
      protect: config.getBoolean("protect"),
      transform: {
        connectionManager: { memorySize: 512 },
        eventTable: (args) => ({ ...args, pointInTimeRecovery: { enabled: false } }),
        mapping: { maximumBatchingWindowInSeconds: 2 },
      },
    },
  );
  return tableName;
}

export const table = config.getBoolean("moved") ? new Desk().tableName : ingest("prices", {});
