import * as pulumi from "@pulumi/pulumi";
import type { StreamIngestionArgs } from "./args";

/** Marks arguments that can contain secrets as secret, because the engine stores all arguments in its state. */
export function markSecrets(args: StreamIngestionArgs): StreamIngestionArgs {
  if (args?.source === undefined || args.processor === undefined) return args;
  const { source, processor } = args;
  return {
    ...args,
    source: {
      ...source,
      ...(source.url !== undefined && { url: pulumi.secret(source.url) }),
      ...(source.path !== undefined && { path: pulumi.secret(source.path) }),
      ...(source.key !== undefined && { key: pulumi.secret(source.key) }),
      ...(source.headers !== undefined && { headers: pulumi.secret(source.headers) }),
      ...(source.query !== undefined && { query: pulumi.secret(source.query) }),
      ...(source.webSocket?.messages !== undefined && {
        webSocket: { ...source.webSocket, messages: pulumi.secret(source.webSocket.messages) },
      }),
      ...(source.body !== undefined && { body: pulumi.secret(source.body) }),
      ...(source.proxy !== undefined && { proxy: pulumi.secret(source.proxy) }),
      ...(source.tls !== undefined && { tls: secretMembers(source.tls) }),
      ...(source.oauth2 !== undefined && {
        oauth2: {
          ...source.oauth2,
          ...secretMembers({ tokenUrl: source.oauth2.tokenUrl, clientId: source.oauth2.clientId }),
        },
      }),
    },
    processor: {
      ...processor,
      ...(processor.environment !== undefined && { environment: pulumi.secret(processor.environment) }),
    },
  };
}

function secretMembers<T extends object>(members: T): T {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, pulumi.secret(value)])) as T;
}
