import { StreamError } from "../../support/errors";
import type { ControlDeps } from "../deps";
import { listStreams, readStream } from "../streams/read";
import { startStream } from "../streams/start";
import { stopStream } from "../streams/stop";
import { ApiError, type ApiRequest, pageToken, parsePage, parseStartBody, parseStreamId } from "./request";
import { connectionView } from "./view";

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** What went wrong inside, for the log alone: a caller never sees it. */
  readonly error?: unknown;
}

type Route = (deps: ControlDeps, request: ApiRequest) => Promise<ApiResponse>;

/** Every route there is. `docs/openapi.yaml` describes the same, and a test compares the two. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/connections": { GET: list },
  "/connections/{streamId}": { POST: start, GET: read, DELETE: stop },
};

/** Answers one request of the connection API. Never rejects: what fails inside is a 503 or 500 that names nothing of it. */
export async function handleRequest(deps: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  try {
    return await routeOf(request)(deps, request);
  } catch (error) {
    if (error instanceof ApiError) return failure(error.status, error.code, error.message, error.headers);
    if (error instanceof StreamError && error.retryable) {
      const message =
        "The connection table did not answer, and what was asked may or may not have been done. Ask again.";
      return { ...failure(503, "UNAVAILABLE", message, { "retry-after": "1" }), error };
    }
    return {
      ...failure(500, "INTERNAL", "This is a fault of the deployment. The API function's log tells more."),
      error,
    };
  }
}

function routeOf({ method, resource }: ApiRequest): Route {
  const methods = Object.hasOwn(ROUTES, resource) ? ROUTES[resource]! : {};
  const allow = Object.keys(methods).join(", ");
  if (allow === "") {
    throw new ApiError(404, "ROUTE_NOT_FOUND", "Expected /connections or /connections/{streamId}, got another path.");
  }
  if (Object.hasOwn(methods, method)) return methods[method]!;
  throw new ApiError(405, "METHOD_NOT_ALLOWED", `Expected ${allow} on ${resource}, got another method.`, { allow });
}

async function start(deps: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  const streamId = parseStreamId(request.streamId);
  const { resume } = parseStartBody(request.body);
  const { kind, row } = await startStream(deps, streamId, { resume });
  // To answer 200 would claim that the checkpoint was dropped: it cannot be, under a hop that is writing it.
  if (kind === "already-running" && !resume) {
    throw new ApiError(
      409,
      "STREAM_LIVE",
      `Stream ${streamId} is live. Stop it first to start it without its checkpoint.`,
    );
  }
  return success(kind === "started" ? 202 : 200, connectionView(row, deps.clock.now()));
}

async function stop(deps: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  const streamId = parseStreamId(request.streamId);
  const result = await stopStream(deps, streamId);
  if (result.kind === "not-found") throw streamNotFound(streamId);
  return success(202, connectionView(result.row, deps.clock.now()));
}

async function read({ table, clock }: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  const streamId = parseStreamId(request.streamId);
  const row = await readStream(table, streamId);
  if (!row) throw streamNotFound(streamId);
  return success(200, connectionView(row, clock.now()));
}

async function list({ table, clock }: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  const { streams, next } = await listStreams(table, parsePage(request.query));
  const now = clock.now();
  return success(200, {
    connections: streams.map((row) => connectionView(row, now)),
    nextToken: next === undefined ? undefined : pageToken(next),
  });
}

function streamNotFound(streamId: string): ApiError {
  return new ApiError(
    404,
    "STREAM_NOT_FOUND",
    `Stream ${streamId} was never started. POST /connections/${streamId} starts it.`,
  );
}

function success(status: number, body: unknown): ApiResponse {
  return { status, headers: {}, body };
}

function failure(status: number, code: string, message: string, headers: ApiResponse["headers"] = {}): ApiResponse {
  return { status, headers, body: { code, message } };
}
