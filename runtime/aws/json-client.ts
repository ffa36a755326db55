import { type AwsTarget, endpointOf } from "./endpoint";
import { signer } from "./sigv4";
import { transportTo } from "./transport";

/**
 * A client for AWS JSON APIs: signed requests over Node's own HTTP client. The AWS SDK would be nine tenths of each handler's
 * bundle, and bundle size adds to every cold start (docs/decisions/0023).
 */
export interface AwsClient {
  /** @throws AwsError when AWS returned an error; any other error when there was no response in time. */
  send(call: AwsCall): Promise<string>;
  /** Destroys the sockets. Call it at the end of each invocation. */
  close(): void;
}

export interface AwsCall {
  /** @default "/" */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** An error response. `name` is the AWS error code, such as `ConditionalCheckFailedException`. */
export class AwsError extends Error {
  constructor(
    override readonly name: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function awsClient(target: AwsTarget): AwsClient {
  const url = endpointOf(target);
  const transport = transportTo(url);
  const sign = signer(target.service, target.region);

  return {
    send: async ({ path = "/", headers, body, timeoutMs }) => {
      const unsigned = { method: "POST", path, headers: { ...headers, host: url.host }, body };
      const signed = sign(unsigned, await target.credentials(), Date.now());
      const signal = AbortSignal.timeout(Math.max(1, Math.round(timeoutMs)));
      const response = await transport.send({ method: "POST", path, headers: signed, body, signal });
      const text = response.body.toString();
      if (response.status >= 200 && response.status < 300) return text;
      throw responseError(response.status, response.headers["x-amzn-errortype"], text);
    },
    close: () => transport.close(),
  };
}

/** Reads the error code from `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException` or from the header's `ResourceNotFoundException:http://…`. */
export function responseError(status: number, type: string | string[] | undefined, text: string): AwsError {
  const { __type = "", message, Message } = parse(text);
  const name = (String(type ?? "") || __type).split(":")[0]!.split("#").at(-1) || `Http${status}`;
  return new AwsError(name, status, message ?? Message ?? text.slice(0, 300));
}

function parse(text: string): { __type?: string; message?: string; Message?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
