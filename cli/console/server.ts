import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { explained } from "../aws-error";
import { CliError } from "../terminal";
import { newToken, refusedSite, refusedToken } from "./access";
import type { CommandRunner } from "./commands";
import type { ConsoleState } from "./console-state";
import { type PageAssets, pageHtml } from "./page-html";
import { openPages, type PagesOptions } from "./pages";
import type { PayloadReader } from "./payload-reader";
import type { CommandResult } from "./protocol";

export interface ConsoleServer {
  /** Serves a request of the console. False: it is not one. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** The link with the token. @param origin `http://127.0.0.1:PORT` */
  link(origin: string): string;
  /** Number of open pages. */
  pageCount(): number;
  close(): void;
}

export interface ConsoleServerOptions extends PagesOptions {
  readonly state: ConsoleState;
  readonly commands: CommandRunner;
  readonly payload: PayloadReader;
  readonly assets: () => Promise<PageAssets>;
  /** @default a random one */
  readonly token?: string;
}

const ROOT = "/console/";
const MAX_BODY_BYTES = 4_096;

/** The console's page, its events and its commands. It opens no socket, so that another server can contain it. */
export function consoleServer({
  state,
  commands,
  payload,
  assets,
  token = newToken(),
  ...timing
}: ConsoleServerOptions): ConsoleServer {
  const pages = openPages(state, timing);
  let page: Promise<ReturnType<typeof pageHtml>> | undefined;

  async function sendPage(response: ServerResponse): Promise<void> {
    page ??= assets().then(pageHtml);
    const { html, contentSecurityPolicy } = await page;
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentSecurityPolicy,
    });
    response.end(html);
  }

  async function serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const refusedOrigin = refusedSite(request);
    if (refusedOrigin !== undefined) return send(response, refusedOrigin.status, refusedOrigin);
    if (url.pathname === "/") return sendPage(response);
    const path = url.pathname.slice(ROOT.length);
    const refused = refusedToken(request, path === "events" ? url.searchParams.get("token") : null, token);
    if (refused !== undefined) return send(response, refused.status, refused);
    if (request.method === "GET" && path === "events") {
      response.writeHead(200, { ...SECURITY_HEADERS, "content-type": "text/event-stream" });
      return pages.add(response);
    }
    if (request.method === "GET" && path === "history") {
      const history = state.history(url.searchParams.get("id") ?? undefined);
      if (history === undefined) return send(response, 404, failed("STREAM_UNKNOWN", "The stream does not exist."));
      return send(response, 200, history);
    }
    if (request.method === "GET" && path === "payload") {
      const [[kind = "", id = ""] = []] = url.searchParams;
      const whole = kind === "event" || kind === "failure" ? await payload(kind, id) : undefined;
      if (whole === undefined)
        return send(response, 404, failed("PAYLOAD_UNKNOWN", "The payload does not exist any more."));
      return send(response, 200, whole);
    }
    if (request.method === "POST" && path.startsWith("commands/")) {
      const result = await commands(path.slice("commands/".length), await jsonBody(request));
      return send(response, result.ok ? 200 : 400, result);
    }
    send(response, 404, failed("NOT_FOUND", `The console does not have ${request.method} ${url.pathname}.`));
  }

  return {
    handle(request, response) {
      if (request.headers.authorization?.startsWith("AWS4-")) return false;
      const url = URL.parse(request.url ?? "/", "http://console");
      if (url === null) {
        send(response, 400, failed("PATH_INVALID", "The path of the request is not part of a URL."));
        return true;
      }
      if (url.pathname !== "/" && !url.pathname.startsWith(ROOT)) return false;
      if (url.pathname === "/" && request.method !== "GET") return false;
      serve(request, response, url).catch((error: Error) => {
        if (response.headersSent) response.destroy();
        else send(response, 500, failed("CONSOLE_FAILED", explained(error).message));
      });
      return true;
    },
    link: (origin) => `${origin}/#${token}`,
    pageCount: pages.count,
    close: () => pages.close(),
  };
}

const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...SECURITY_HEADERS, "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function failed(code: string, message: string): CommandResult {
  return { ok: false, code, message };
}

/** Undefined: not JSON, or too long. */
async function jsonBody(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    if (text.length > MAX_BODY_BYTES) return undefined;
    text += chunk;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Listens on this machine for a console of a deployed stack. @throws CliError PORT_IN_USE */
export async function listen(
  console: ConsoleServer,
  port: number,
): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (!console.handle(request, response)) send(response, 404, failed("NOT_FOUND", "The console is at /."));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === "EADDRINUSE" ? "is in use. Pass another port with --port, or 0 for a free one" : cause.message;
      reject(new CliError(`Port ${port} of 127.0.0.1 ${reason}.`, cause.code ?? "PORT", undefined, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        console.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
