import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { StreamError } from "../../support/errors";
import { isLocalAddress } from "./local-address";

/**
 * Resolves a name for a connection and refuses one with a loopback or link-local address. The addresses checked are those that the
 * connection uses: a name cannot resolve to another address after the check.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, options, (error, result: unknown, family?: number) => {
    const addresses = (Array.isArray(result) ? result : [{ address: result }]) as { readonly address: string }[];
    if (error === null && addresses.some(({ address }) => isLocalAddress(address)))
      callback(localRedirect() as StreamError & NodeJS.ErrnoException, []);
    else callback(error, result as string, family);
  });

export function localRedirect(): StreamError {
  return new StreamError(
    "SOURCE_STATUS",
    "The source answered with a redirect to a loopback or link-local address, which is not followed.",
    { retryable: true },
  );
}
