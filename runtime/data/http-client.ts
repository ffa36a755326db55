import type { Dispatcher } from "undici";
import apiRequest from "undici/lib/api/api-request";
import Agent from "undici/lib/dispatcher/agent";
import Pool from "undici/lib/dispatcher/pool";

/**
 * The three parts of undici that are used. Its index would bring fetch, caches and WebSocket with it: 290 KB more of a bundle
 * that is parsed at every cold start.
 */
export { Agent, Pool };

export function request(dispatcher: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  return apiRequest.call(dispatcher, options);
}
