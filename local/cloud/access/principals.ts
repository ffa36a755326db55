import { randomBytes } from "node:crypto";
import type { PolicyDocument } from "./policy";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A caller: the operator, or one execution environment of a function. */
export interface Principal {
  /** The caller's name in events and faults: the function's name, or "operator". */
  readonly name: string;
  readonly arn: string;
  /** Read at each call, so that a policy change applies at once. */
  readonly policies: () => readonly PolicyDocument[];
  /** The current invocation of the environment. */
  readonly requestId?: () => string | undefined;
}

/** Access keys and their principals. */
export interface Principals {
  /** @param credentials those of an earlier run; absent: new ones */
  issue(principal: Principal, credentials?: Credentials): Credentials;
  revoke(accessKeyId: string): void;
  find(accessKeyId: string): (Credentials & { readonly principal: Principal }) | undefined;
}

export function newCredentials(): Credentials {
  const accessKeyId = `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
  return { accessKeyId, secretAccessKey: randomBytes(30).toString("base64url") };
}

export function createPrincipals(): Principals {
  const keys = new Map<string, Credentials & { principal: Principal }>();
  return {
    issue(principal, credentials = newCredentials()) {
      keys.set(credentials.accessKeyId, { ...credentials, principal });
      return credentials;
    },
    revoke: (accessKeyId) => void keys.delete(accessKeyId),
    find: (accessKeyId) => keys.get(accessKeyId),
  };
}
