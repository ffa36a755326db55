import { StreamError } from "../../support/errors";
import type { ControlDeps } from "../deps";
import { CONNECTION_LIMIT, connectionLimitMessage, hasRoomFor } from "../streams/connection-limit";
import { listStreams, readStream } from "../streams/read";
import { SINGLE_STREAM, singleStreamMessage, streamInTheWay } from "../streams/single-stream";
import { startStream } from "../streams/start";
import { stopStream } from "../streams/stop";
import { ApiError, type ApiRequest, pageToken, parsePage, parseStartBody, parseStreamId, shown } from "./request";
import { connectionView } from "./view";

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The cause of a 500 or 503. It is logged and not sent to the caller. */
  readonly error?: unknown;
}

type Route = (deps: ControlDeps, request: ApiRequest) => Promise<ApiResponse>;

/** All routes. A test compares them with `docs/openapi.yaml`. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/connections": { GET: list },
  "/connections/{streamId}": { POST: start, GET: read, DELETE: stop },
};

/** Handles one request of the connection API. Never rejects: an internal error gives a 500 or 503 without its cause. */
export async function handleRequest(deps: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  try {
    return await routeOf(request)(deps, request);
  } catch (error) {
    if (error instanceof ApiError) return failure(error.status, error.code, error.message, error.headers);
    if (error instanceof StreamError && error.retryable) {
      const message = "The connection table did not respond. The request may or may not have taken effect. Try again.";
      return { ...failure(503, "UNAVAILABLE", message, { "retry-after": "1" }), error };
    }
    return {
      ...failure(500, "INTERNAL", "Internal error. See the log of the API function."),
      error,
    };
  }
}

function routeOf({ method, resource }: ApiRequest): Route {
  const methods = Object.hasOwn(ROUTES, resource) ? ROUTES[resource]! : {};
  const allow = Object.keys(methods).join(", ");
  if (allow === "") {
    throw new ApiError(
      404,
      "ROUTE_NOT_FOUND",
      "Expected /connections or /connections/{streamId}, got a different path.",
    );
  }
  if (Object.hasOwn(methods, method)) return methods[method]!;
  throw new ApiError(405, "METHOD_NOT_ALLOWED", `Expected ${allow} on ${resource}, got ${shown(method)}.`, { allow });
}

async function start(deps: ControlDeps, request: ApiRequest): Promise<ApiResponse> {
  const streamId = parseStreamId(request.streamId);
  const { resume } = parseStartBody(request.body);
  const running = await streamInTheWay(deps, streamId);
  if (running !== undefined) throw new ApiError(409, SINGLE_STREAM, singleStreamMessage(running));
  if (!(await hasRoomFor(deps, streamId)))
    throw new ApiError(409, CONNECTION_LIMIT, connectionLimitMessage(deps.maxConnections!));
  const { kind, row } = await startStream(deps, streamId, { resume });
  // A running hop writes the checkpoint, so the checkpoint cannot be dropped now.
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
    `Stream ${streamId} was never started. Start it with POST /connections/${streamId}.`,
  );
}

function success(status: number, body: unknown): ApiResponse {
  return { status, headers: {}, body };
}

function failure(status: number, code: string, message: string, headers: ApiResponse["headers"] = {}): ApiResponse {
  return { status, headers, body: { code, message } };
}
