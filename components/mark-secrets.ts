import * as pulumi from "@pulumi/pulumi";
import type { StreamIngestionArgs } from "./args";

/** The arguments with everything that may be a secret marked as one, given plain or not: they reach the engine's state. */
export function markSecrets(args: StreamIngestionArgs): StreamIngestionArgs {
  if (args?.source === undefined || args.processor === undefined) return args;
  const { source, processor } = args;
  return {
    ...args,
    source: {
      ...source,
      url: pulumi.secret(source.url),
      path: pulumi.secret(source.path),
      ...(source.key !== undefined && { key: pulumi.secret(source.key) }),
      ...(source.headers !== undefined && { headers: pulumi.secret(source.headers) }),
      ...(source.query !== undefined && { query: pulumi.secret(source.query) }),
      ...(source.webSocket?.messages !== undefined && {
        webSocket: { ...source.webSocket, messages: pulumi.secret(source.webSocket.messages) },
      }),
    },
    processor: {
      ...processor,
      ...(processor.environment !== undefined && { environment: pulumi.secret(processor.environment) }),
    },
  };
}
