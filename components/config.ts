import * as pulumi from "@pulumi/pulumi";

/** The stack's configuration. */
export interface SourceConfig {
  readonly url: pulumi.Output<string>;
  readonly path: pulumi.Output<string>;
  readonly key: pulumi.Output<string> | undefined;
  readonly streams: string[];
}

/**
 * Reads URL, path and key of the upstream, as secrets, and the streams to run. An empty key is none.
 *
 * @throws pulumi.RunError with the command that sets a missing value
 */
export function readConfig(config = new pulumi.Config()): SourceConfig {
  const streams = config.getObject<unknown>("streams") ?? [];
  if (!Array.isArray(streams) || streams.some((id) => typeof id !== "string")) {
    throw new pulumi.RunError(
      `Expected \`streams\` to be a list of stream ids, got ${JSON.stringify(streams)}. Run: pulumi config set --path 'streams[0]' EUR_USD`,
    );
  }
  const key = config.get("key") ? config.getSecret("key") : undefined;
  return { url: config.requireSecret("url"), path: config.requireSecret("path"), key, streams };
}
