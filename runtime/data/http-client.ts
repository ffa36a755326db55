import type { Dispatcher } from "undici";
import apiRequest from "undici/lib/api/api-request";
import Agent from "undici/lib/dispatcher/agent";
import Pool from "undici/lib/dispatcher/pool";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent";

/**
 * The parts of undici in use. Importing undici's index adds fetch, caches and WebSocket: 290 KB of bundle to parse at every cold
 * start.
 */
export { Agent, Pool, ProxyAgent };

export function request(dispatcher: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  return apiRequest.call(dispatcher, options);
}
