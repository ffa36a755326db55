import type { Dispatcher } from "undici";
import apiConnect from "undici/lib/api/api-connect";
import apiRequest from "undici/lib/api/api-request";
import Agent from "undici/lib/dispatcher/agent";
import Pool from "undici/lib/dispatcher/pool";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent";

/**
 * The parts of undici in use. Importing undici's index adds fetch, caches and WebSocket: 290 KB of bundle to parse at every cold
 * start.
 */
export { Agent, Pool, ProxyAgent };

export function request(
  dispatcher: Pick<Dispatcher, "dispatch">,
  options: Dispatcher.RequestOptions,
): Promise<Dispatcher.ResponseData> {
  return apiRequest.call(dispatcher, options);
}

/** The client of a proxy. undici's index would give it `connect`, with which the proxy agent opens tunnels. */
export function proxyClient(origin: URL, options: object): Dispatcher {
  return Object.assign(new Pool(origin, options), { connect: apiConnect });
}
