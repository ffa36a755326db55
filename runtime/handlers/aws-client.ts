import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { signer } from "../data/sigv4";
import { type AwsService, awsEdge, lambdaCredentials } from "./environment";

/**
 * The few AWS calls of the control plane: signed JSON over node's own HTTP. The SDK's clients would be nine tenths of each
 * handler's bundle, and every cold start pays for its bytes (docs/decisions/0023).
 */
export interface AwsClient {
  /** @throws AwsError when AWS refused, any other error when it did not answer in time. */
  send(call: AwsCall): Promise<string>;
  /** Destroys its sockets. */
  close(): void;
}

export interface AwsCall {
  /** @default "/" */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** `name` is AWS's own: `ConditionalCheckFailedException`. */
export class AwsError extends Error {
  constructor(
    override readonly name: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function awsClient(service: AwsService): AwsClient {
  const { region, endpoint, signingName } = awsEdge(service);
  const { protocol, host, hostname, port } = new URL(endpoint);
  const secure = protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = secure ? httpsRequest : httpRequest;
  const sign = signer(signingName, region);

  return {
    send: ({ path = "/", headers, body, timeoutMs }) => {
      const signed = sign(
        { method: "POST", path, headers: { ...headers, host }, body },
        lambdaCredentials(),
        Date.now(),
      );
      const signal = AbortSignal.timeout(Math.max(1, Math.round(timeoutMs)));
      const options = { agent, method: "POST", hostname, port, path, headers: signed, signal };
      return new Promise((resolve, reject) => {
        const sending = request(options, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(text);
            else reject(refusal(status, response.headers["x-amzn-errortype"], text));
          });
        });
        sending.on("error", reject);
        sending.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

/** `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`, or the header's `ResourceNotFoundException:http://…` */
function refusal(status: number, type: string | string[] | undefined, text: string): AwsError {
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
