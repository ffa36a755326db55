import type { Credentials } from "../../runtime/aws/sigv4";
import type { MotoServer } from "./moto-server";

/** Sets the variables with which Lambda starts a function, as long as `run` runs. A handler reads them when it is loaded. */
export async function asFunction<T>(
  { endpoint, region }: MotoServer,
  credentials: Credentials,
  variables: Readonly<Record<string, string>>,
  run: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken ?? "",
    ...variables,
  });
  try {
    return await run();
  } finally {
    process.env = before;
  }
}

/** Loads a handler again, with the variables of the moment. */
export function freshHandler(name: "connection-api" | "connection-manager" | "watchdog") {
  const path = require.resolve(`../../runtime/handlers/${name}`);
  delete require.cache[path];
  // biome-ignore lint/suspicious/noExplicitAny: each handler has its own event.
  return require(path).handler as (event?: any, context?: any) => Promise<any>;
}
