import * as pulumi from "@pulumi/pulumi";

/** The stack's configuration. */
export interface SourceConfig {
  readonly url: pulumi.Output<string>;
  readonly path: pulumi.Output<string>;
  readonly key: pulumi.Output<string> | undefined;
  readonly streams: string[];
}

const EXAMPLES = { url: "https://stream.example.com", path: "/v1/events/{streamId}" } as const;

/**
 * Reads URL, path and key of the upstream, as secrets, and the streams to run.
 *
 * @throws pulumi.RunError with the command that sets a missing value
 */
export function readConfig(config = new pulumi.Config()): SourceConfig {
  const required = (name: keyof typeof EXAMPLES) => {
    const value = config.getSecret(name);
    if (value !== undefined) return value;
    throw new pulumi.RunError(
      `The stack's configuration has no \`${name}\`. Run: pulumi config set --secret ${name} ${EXAMPLES[name]}`,
    );
  };
  const streams = config.getObject<unknown>("streams") ?? [];
  if (!Array.isArray(streams) || streams.some((id) => typeof id !== "string")) {
    throw new pulumi.RunError(
      `Expected \`streams\` to be a list of stream ids, got ${JSON.stringify(streams)}. Run: pulumi config set --path 'streams[0]' EUR_USD`,
    );
  }
  return { url: required("url"), path: required("path"), key: config.getSecret("key"), streams };
}
