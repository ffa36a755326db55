import type { ConnectionRow } from "../contract";
import {
  type ApiErrorCode,
  ApiRefusal,
  type ApiRequest,
  pageToken,
  parsePage,
  parseStartBody,
  parseStreamId,
} from "./api-request";
import { connectionView } from "./connection-view";

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** For the log line: the id, where it was a valid one. */
  readonly streamId?: string;
}

type Route = (request: ApiRequest, operations: ConnectionOperations) => Promise<ApiResponse>;

/** Every route there is. `docs/openapi.yaml` describes the same, and a test compares the two. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/connections": { GET: list },
  "/connections/{streamId}": { POST: start, GET: read, DELETE: stop },
};

/** Answers one request. Rejects only for what the operations reject with. */
export async function answer(request: ApiRequest, operations: ConnectionOperations): Promise<ApiResponse> {
  try {
    return await route(request)(request, operations);
  } catch (error) {
    if (error instanceof ApiRefusal) return refusal(error.status, error.code, error.message, error.headers);
    throw error;
  }
}

function route(request: ApiRequest): Route {
  const methods = Object.hasOwn(ROUTES, request.resource) ? ROUTES[request.resource] : undefined;
  if (methods === undefined)
    throw new ApiRefusal(
      404,
      "ROUTE_NOT_FOUND",
      "Expected /connections or /connections/{streamId}: there is no other path.",
    );
  const found = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (found !== undefined) return found;
  const allowed = Object.keys(methods).join(", ");
  throw new ApiRefusal(405, "METHOD_NOT_ALLOWED", `Expected ${allowed} on ${request.resource}.`, { allow: allowed });
}
