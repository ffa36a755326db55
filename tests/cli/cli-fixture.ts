import type { IncomingMessage } from "node:http";
import { Command } from "commander";
import pc from "picocolors";
import type { AddCommand } from "../../cli/commands";
import type { Terminal } from "../../cli/terminal";
import { handleRequest } from "../../runtime/control/api/connection-api";
import type { ApiRequest } from "../../runtime/control/api/request";
import type { Deployment } from "../api/api-fixture";
import { type FakeServer, startServer } from "../fakes/http-server";

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

/** An HTTP server on this machine; `respond` gives status and body. */
export async function serve(
  respond: (request: IncomingMessage, body: string) => Promise<{ status: number; body: string; headers?: object }>,
): Promise<FakeServer> {
  const server = await startServer(async (request, response, received) => {
    const { status, body, headers } = await respond(request, received.toString());
    response.writeHead(status, { ...headers }).end(body);
  });
  return { ...server, url: `${server.url}/v1` };
}

/** The connection API of a {@link Deployment} over HTTP, routed as by API Gateway. */
export function serveApi({ deps }: Deployment): Promise<FakeServer> {
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
