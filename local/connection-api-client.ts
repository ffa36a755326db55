import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Counters, Desired, HandoverFigures, LastError, Status } from "../runtime/contract";
import type { LocalCloud } from "./aws/cloud";

/** One stream as `GET /connections` shows it: the fields the local stack reads. */
export interface StreamView {
  readonly streamId: string;
  readonly desired: Desired;
  readonly status: Status;
  readonly live: boolean;
  readonly generation: number;
  readonly attempt: number;
  readonly counters: Counters;
  readonly handover?: HandoverFigures;
  readonly lastError?: Pick<LastError, "code" | "message">;
}

/** The deployed connection API, asked as any operator would: signed. Rejects with what the API answered. */
export interface ConnectionApi {
  start(streamId: string): Promise<void>;
  stop(streamId: string): Promise<void>;
  list(): Promise<readonly StreamView[]>;
}

export function connectionApiClient(apiUrl: string, { region, operator }: LocalCloud): ConnectionApi {
  const signer = new SignatureV4({ service: "execute-api", region, sha256: Sha256, credentials: operator });
  const base = apiUrl.replace(/\/$/, "");

  async function ask(method: string, path: string): Promise<unknown> {
    const url = new URL(base + path);
    const { headers } = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host },
    });
    const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(10_000) });
    const body = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${body.slice(0, 500)}`);
    return JSON.parse(body);
  }

  return {
    start: async (streamId) => void (await ask("POST", `/connections/${encodeURIComponent(streamId)}`)),
    stop: async (streamId) => void (await ask("DELETE", `/connections/${encodeURIComponent(streamId)}`)),
    list: async () => {
      const streams: StreamView[] = [];
      let next = "";
      do {
        const page = (await ask("GET", `/connections${next}`)) as { connections: StreamView[]; nextToken?: string };
        streams.push(...page.connections);
        next = page.nextToken === undefined ? "" : `?nextToken=${encodeURIComponent(page.nextToken)}`;
      } while (next !== "");
      return streams;
    },
  };
}
