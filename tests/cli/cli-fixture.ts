import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Command } from "commander";
import pc from "picocolors";
import type { AddCommand } from "../../cli/commands";
import type { Terminal } from "../../cli/terminal";
import { handleRequest } from "../../runtime/control/api/connection-api";
import type { ApiRequest } from "../../runtime/control/api/request";
import type { Deployment } from "../api/api-fixture";

export interface CommandResult {
  readonly out: string[];
  readonly err: string[];
  readonly exitCode: number;
}

/** Runs one command as a shell does, and collects its output. */
export async function run(
  add: (program: Command, terminal: Terminal) => void,
  ...args: string[]
): Promise<CommandResult> {
  const result = { out: [] as string[], err: [] as string[], exitCode: 0 };
  const program = new Command("stream-ingestion").exitOverride().configureOutput({ writeErr: () => {} });
  add(program, {
    out: (line) => void result.out.push(line),
    err: (line) => void result.err.push(line),
    colours: pc.createColors(false),
    setExitCode: (code) => {
      result.exitCode = code;
    },
  });
  await program.parseAsync(["node", "stream-ingestion", ...args]);
  return result;
}

export const helpOf = (add: AddCommand): string => {
  const program = new Command("stream-ingestion");
  add(program);
  const help: string[] = [];
  program.commands[0]!.configureOutput({ writeOut: (text) => void help.push(text) }).outputHelp();
  return help.join("");
};

export interface Server {
  readonly url: string;
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

/** An HTTP server on loopback. @param respond returns status and body */
export async function serve(
  respond: (request: IncomingMessage, body: string) => Promise<{ status: number; body: string; headers?: object }>,
): Promise<Server> {
  const requests: IncomingMessage[] = [];
  const server = createServer(async (request, response) => {
    requests.push(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { status, body, headers } = await respond(request, Buffer.concat(chunks).toString());
    response.writeHead(status, { ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: () => new Promise((resolve) => server.closeAllConnections() ?? server.close(() => resolve())),
  };
}

/** The connection API of a {@link Deployment} over HTTP, routed as by API Gateway. */
export function serveApi({ deps }: Deployment): Promise<Server> {
  return serve(async (incoming, body) => {
    const url = new URL(incoming.url!, "http://api");
    const [, , root, streamId] = url.pathname.split("/");
    const request: ApiRequest = {
      method: incoming.method!,
      resource: streamId === undefined ? `/${root}` : `/${root}/{streamId}`,
      streamId,
      query: Object.fromEntries(url.searchParams),
      body,
    };
    const { status, body: value } = await handleRequest(deps, request);
    return { status, body: JSON.stringify(value) };
  });
}
