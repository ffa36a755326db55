import type { Readable } from "node:stream";
import type { SourceSecret } from "../../contract";
import type { Headers } from "./body";

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Does not connect to a name with a loopback or link-local address. A proxy resolves names itself. */
  readonly publicOnly?: boolean;
  /** Called when the request is sent, after the connection is open. */
  readonly onSent?: () => void;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: Readable;
  /** Whether a clean end of the body differs from a lost connection. */
  readonly framed: boolean;
}

/** Sends one request. Resolves with the head; does not follow redirects. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

export type Tls = NonNullable<SourceSecret["tls"]>;
