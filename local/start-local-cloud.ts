import { createPrincipals } from "./cloud/access/principals";
import type { Cloud, CloudOptions } from "./cloud/cloud";
import { lockDataFolder } from "./cloud/data-folder";
import { openEndpoint } from "./cloud/endpoint";
import { createFaults } from "./cloud/faults";
import { operatorCredentials } from "./cloud/operator-credentials";
import { type LocalCloud, SERVICES } from "./services/services";

const REGION = "us-east-1";
const ACCOUNT_ID = "000000000000";
/** Lambda's maximum timeout, which `hopSeconds` replaces. */
const MAX_TIMEOUT_SECONDS = 900;

/**
 * Starts an empty cloud: one endpoint on loopback with every service.
 * @throws when the port is in use
 */
export async function startLocalCloud(options: CloudOptions = {}): Promise<LocalCloud> {
  const { dataDir, hopSeconds } = options;
  const unlockFolder = dataDir === undefined ? () => {} : lockDataFolder(dataDir);
  const principals = createPrincipals();
  let port = 0;
  let closing: Promise<void> | undefined;
  const base: Cloud = {
    get endpoint() {
      return `http://127.0.0.1:${port}`;
    },
    region: REGION,
    accountId: ACCOUNT_ID,
    operator: principals.issue(
      {
        name: "operator",
        arn: `arn:aws:iam::${ACCOUNT_ID}:user/operator`,
        policies: () => [{ Statement: { Effect: "Allow", Action: "*", Resource: "*" } }],
      },
      operatorCredentials(dataDir),
    ),
    principals,
    faults: createFaults(Date.now),
    dataDir,
    programFolder: options.programFolder ?? process.cwd(),
    keepWorkingCode: options.keepWorkingCode ?? false,
    timeScale: hopSeconds === undefined ? 1 : hopSeconds / MAX_TIMEOUT_SECONDS,
    timeoutSeconds: (declared) => (hopSeconds !== undefined && declared >= MAX_TIMEOUT_SECONDS ? hopSeconds : declared),
    emit: (event) => options.onEvent?.(event),
    close: () => (closing ??= shutDown()),
  };
  const cloud = base as LocalCloud;
  const services = SERVICES.map((service) => {
    const open = service.open(cloud);
    Object.assign(cloud, open.model);
    return open;
  });
  const protocols = services.flatMap(({ protocol }) => (protocol ? [[protocol.signingName, protocol] as const] : []));
  const routes = services.flatMap(({ route }) => route ?? []);

  async function stopServices(): Promise<void> {
    for (const { stop } of services.toReversed()) await stop?.();
  }
  async function closeServices(): Promise<void> {
    for (const { close } of services.toReversed()) await close?.();
    unlockFolder();
  }

  const { region, faults, emit } = cloud;
  const endpoint = await openEndpoint(
    { region, principals, faults, emit, protocols: new Map(protocols), routes, onRequest: options.onRequest },
    options.port ?? 0,
  ).catch(async (error: unknown) => {
    await stopServices();
    await closeServices();
    throw error;
  });
  port = endpoint.port;

  async function shutDown(): Promise<void> {
    await stopServices();
    await endpoint.close();
    await closeServices();
  }
  return cloud;
}
