/** Public entry for deployments to this machine with the Pulumi engine. */
import type { CloudOptions } from "../cloud/cloud";
import { operatorEnvironment } from "../operator-environment";
import type { LocalCloud } from "../services/services";
import { resourceHandlers } from "../services/services";
import { startLocalCloud } from "../start-local-cloud";
import { type ServedProvider, type ServeOptions, serveProvider } from "./serve";

export interface EngineCloudOptions
  extends CloudOptions,
    Pick<ServeOptions, "stack" | "directory" | "report" | "invokes"> {}

/** A local cloud with a provider for the Pulumi engine. */
export interface EngineCloud extends Pick<ServedProvider, "count" | "isDestroyed"> {
  readonly cloud: LocalCloud;
  /** Environment for commands: the provider for `pulumi`, and endpoint, region and credentials for AWS SDK clients. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  close(): Promise<void>;
}

/** Starts an empty cloud and the provider that deploys one stack to it. */
export async function startEngineCloud(options: EngineCloudOptions): Promise<EngineCloud> {
  const cloud = await startLocalCloud({ ...options, programFolder: options.directory });
  const served = await serveProvider({ ...options, cloud, resourceHandlers }).catch(async (error) => {
    await cloud.close();
    throw error;
  });
  return {
    cloud,
    count: served.count,
    isDestroyed: served.isDestroyed,
    environment: { ...served.environment, ...operatorEnvironment(cloud) },
    close: async () => {
      served.close();
      await cloud.close();
    },
  };
}
