import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decide } from "./access/policy";
import type { Principal, Principals } from "./access/principals";
import { verifySignature } from "./access/signature";
import { AwsError } from "./aws-error";
import type { CloudOptions } from "./cloud";
import type { CloudEvent } from "./cloud-event";
import type { FaultEffect, Faults } from "./faults";
import { readRequest, sendResponse } from "./http-wire";
import { type AwsRequest, type AwsResponse, failAsJson, type Operation, type Protocol } from "./protocol";
import { failAsQuery } from "./xml";

export interface EndpointOptions {
  readonly region: string;
  readonly principals: Principals;
  readonly faults: Faults;
  readonly emit: (event: CloudEvent) => void;
  readonly onRequest?: CloudOptions["onRequest"];
  /** AWS services by their signing name. */
  readonly protocols: ReadonlyMap<string, Protocol>;
  /** Paths that are served without the checks in this file; the service authorizes the caller itself. */
  readonly routes: readonly {
    readonly prefix: string;
    readonly serve: (request: AwsRequest) => Promise<AwsResponse>;
  }[];
}

export interface Endpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** Longer than clients keep an idle socket, so that the client closes it. */
const KEEP_ALIVE_MS = 65_000;

/** The endpoint of all AWS clients. It checks signature and permissions, injects faults, and calls the service. */
export async function openEndpoint(options: EndpointOptions, port: number): Promise<Endpoint> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error instanceof Error ? error.stack : error));
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === "EADDRINUSE" ? "is in use. Pass another port with --port, or 0 for a free one" : cause.message;
      reject(new Error(`Port ${port} of 127.0.0.1 ${reason}.`, { cause }));
    };
    server.once("error", onError);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", onError);
      resolve();
    });
  });
}

async function answer(options: EndpointOptions, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (options.onRequest?.(incoming, response)) return;
  const request = await readRequest(incoming);
  if (request === undefined) return sendResponse(response, { status: 413, body: "" });
  const route = options.routes.find(({ prefix }) => request.path.startsWith(prefix));
  if (route !== undefined) return sendResponse(response, await route.serve(request));

  const protocol = options.protocols.get(claimedService(request));
  if (protocol === undefined) return sendResponse(response, refuse(options, request));
  try {
    const caller = await identify(options, request);
    const operation = protocol.open(request);
    authorise(options, caller, operation);
    const fault = takeFault(options, caller, operation, request);
    if (fault?.kind === "unavailable") {
      report(options, caller, operation, true, 0);
      return void incoming.socket.destroy();
    }
    if (fault?.kind === "delay") await delay(fault.ms);
    const done = await runWithFault(fault, protocol, () => operation.run(caller), request);
    report(options, caller, operation, true, done.status);
    if (fault?.kind === "drop-response") return void incoming.socket.destroy();
    sendResponse(response, done);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    sendResponse(response, protocol.fail(error));
  }
}

async function identify({ region, principals }: EndpointOptions, request: AwsRequest): Promise<Principal> {
  const secretOf = (id: string) => principals.find(id)?.secretAccessKey;
  const { accessKeyId } = await verifySignature(request, { region, now: Date.now(), secretOf });
  return principals.find(accessKeyId)!.principal;
}

function authorise(options: EndpointOptions, caller: Principal, operation: Operation): void {
  for (const permission of operation.permissions) {
    if (decide(caller.policies(), permission) === "allow") continue;
    report(options, caller, operation, false, 400);
    throw new AwsError(
      "AccessDeniedException",
      400,
      `User: ${caller.arn} is not authorized to perform: ${permission.action} on resource: ${permission.resource} ` +
        `because no identity-based policy allows the ${permission.action} action`,
    );
  }
}

function takeFault(
  { faults }: EndpointOptions,
  caller: Principal,
  operation: Operation,
  { body }: AwsRequest,
): FaultEffect | undefined {
  for (const { action, resource } of operation.permissions) {
    const effect = faults.take({ action, resource, caller: caller.name, body: body.toString() });
    if (effect !== undefined) return effect;
  }
  return undefined;
}

async function runWithFault(
  fault: FaultEffect | undefined,
  protocol: Protocol,
  run: () => Promise<AwsResponse>,
  { headers }: AwsRequest,
): Promise<AwsResponse> {
  try {
    if (fault?.kind === "throttle") {
      const dynamo = headers["x-amz-target"]?.startsWith("DynamoDB_");
      const code = dynamo ? "ProvisionedThroughputExceededException" : "ThrottlingException";
      throw new AwsError(code, 400, "Rate exceeded (an injected fault)");
    }
    if (fault?.kind === "error") {
      const { code = "InternalServerError", status = 500 } = fault;
      throw new AwsError(code, status, "An injected fault");
    }
    return await run();
  } catch (error) {
    if (error instanceof AwsError) return protocol.fail(error);
    throw error;
  }
}

function report(
  { emit }: EndpointOptions,
  caller: Principal,
  { permissions }: Operation,
  allowed: boolean,
  status: number,
): void {
  for (const { action, resource } of permissions) {
    const requestId = caller.requestId?.();
    emit({ kind: "call", at: Date.now(), caller: caller.name, action, resource, allowed, status, requestId });
  }
}

/** Answers a request to a service that is not here, in the format that most clients of such a request can read. */
function refuse({ protocols }: EndpointOptions, request: AwsRequest): AwsResponse {
  const service = claimedService(request);
  const message =
    service === ""
      ? "Expected a request with a SigV4 Authorization header; the local cloud supports no presigned URLs and no unsigned requests."
      : `The local cloud does not support the service "${service}", only ${[...protocols.keys()].join(", ")}. Set AWS_ENDPOINT_URL_ ` +
        "with the name of the service to a server that does, or replace the call in your test.";
  const error = new AwsError("UnknownOperationException", 404, message);
  const isQuery = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  return isQuery ? failAsQuery(error) : failAsJson(error);
}

/** The service in the credential scope, before the signature is checked. */
function claimedService({ headers }: AwsRequest): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
