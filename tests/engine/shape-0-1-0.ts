import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/**
 * The resources with state in version 0.1.0: names, keys and streams. This file does not change. A release with another shape
 * adds a file, and an alias or a new child. Tests upgrade from both.
 */
export class PublishedShape extends pulumi.ComponentResource {
  constructor(name: string) {
    super("stream-ingestion:index:StreamIngestion", name);
    const options = { parent: this };
    const { name: connections } = new aws.dynamodb.Table(
      `${name}-connections`,
      {
        billingMode: "PAY_PER_REQUEST",
        hashKey: "streamId",
        attributes: [{ name: "streamId", type: "S" }],
        pointInTimeRecovery: { enabled: true },
      },
      options,
    );
    const { name: events } = new aws.dynamodb.Table(
      `${name}-events`,
      {
        billingMode: "PAY_PER_REQUEST",
        hashKey: "streamId",
        rangeKey: "key",
        attributes: [
          { name: "streamId", type: "S" },
          { name: "key", type: "S" },
        ],
        ttl: { attributeName: "ttl", enabled: true },
        streamEnabled: true,
        streamViewType: "NEW_AND_OLD_IMAGES",
        pointInTimeRecovery: { enabled: true },
      },
      options,
    );
    const bucket = new aws.s3.Bucket(`${name}-bucket`, {}, options);
    const secret = new aws.secretsmanager.Secret(`${name}-source`, {}, options);
    this.registerOutputs({ connections, events, bucket: bucket.id, secret: secret.id });
  }
}
