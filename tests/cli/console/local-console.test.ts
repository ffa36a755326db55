import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type LocalConsole, localConsole } from "../../../cli/console/local-console";
import type { Model } from "../../../cli/console/page/model";
import type { IngestionStack } from "../../../cli/local/ingestion-stack";
import { COMPONENT_TYPE } from "../../../runtime/contract";
import { cloud } from "../../local/evaluate/fake-handlers";
import { type OpenPage, openPage } from "./open-page";

const FUNCTION = "aws:lambda/function:Function";
const resource = (type: string, name: string) => {
  const outputs = { name, apiUrl: "http://127.0.0.1:1/v1", tableName: "e", connectionTableName: "c", bucketName: "b" };
  return { urn: `urn:pulumi:local::p::${type}::${name}`, type, name, outputs, secretOutputs: [] };
};
const PROCESSOR = "prices-event-processor-1";

describe("the console of a local stack", () => {
  let page: OpenPage;
  let console: LocalConsole;
  let server: Server;
  let errors: string[];
  let onError: () => void;

  beforeEach(async () => {
    onError = () => {};
    errors = [];
    console = localConsole("local", "a-token", (text) => {
      errors.push(text);
      onError();
    });
    server = createServer((request, response) => {
      if (!console.handle(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    page = await openPage(console.link(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
  afterEach(() => {
    page.close();
    console.close();
    server.closeAllConnections();
    server.close();
  });

  const textOf = ({ notices }: { readonly notices: ReadonlyMap<string, { readonly text: string }> }) =>
    [...notices.values()].map(({ text }) => text);

  it("shows that a processor cannot be loaded, until it is", async () => {
    const error = { errorType: "TypeError", errorMessage: "rates is undefined." };
    const event = { at: 1, instance: "prices", functionName: PROCESSOR };
    console.event({ kind: "init-failed", error, ...event });
    const model = await page.until(({ notices }) => notices.size > 0);
    assert.deepEqual(textOf(model), [
      `${PROCESSOR} could not be loaded: TypeError: rates is undefined. The log has the stack.`,
    ]);
    console.event({ kind: "initialised", ...event });
    await page.until(({ notices }) => notices.size === 0);
  });

  it("shows no instance, and no problem of one, that an edit of the program removed", async () => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const resources = (...names: string[]) =>
      names.flatMap((name) => [resource(COMPONENT_TYPE, name), resource(FUNCTION, `${name}-event-processor`)]);
    const stack = (...names: string[]) =>
      ({ cloud: { ...cloud, endpoint: origin }, resources: resources(...names) }) as unknown as IngestionStack;
    await console.adopt(stack("prices", "orders"));
    const error = { errorType: "TypeError", errorMessage: "rates is undefined." };
    for (const functionName of ["prices-event-processor", "orders-event-processor"])
      console.event({ kind: "init-failed", error, at: 1, functionName });
    // The server answers each call to AWS with 404.
    const about = (name: string) => (model: Model) =>
      [...model.notices.keys()].filter((id) => id.includes(name)).length;
    await page.until((model) => about("orders")(model) === 2 && about("prices")(model) === 2);
    await console.adopt(stack("prices"));
    await page.until((model) => about("orders")(model) === 0 && about("prices")(model) > 0);
  });

  it("reports its first error, and does not end the run", async () => {
    const event = { at: 1, instance: "prices", functionName: PROCESSOR };
    for (let i = 0; i < 2; i++) console.event({ kind: "init-failed", ...event } as never);
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^The console does not show everything, .*TypeError/);
    console.event({ kind: "denied", at: 1, caller: PROCESSOR, action: "s3:GetObject", resource: "*" });
    await page.until(({ notices }) => notices.size > 0);
  });

  it("reports an error of an update, and sends the next ones", async () => {
    const reported = new Promise<void>((resolve) => {
      onError = resolve;
    });
    // JSON has no such number.
    console.event({ kind: "lost", at: 1n as never, instance: "prices", streamId: "a", key: "k" });
    await reported;
    console.event({ kind: "denied", at: 1, caller: PROCESSOR, action: "s3:GetObject", resource: "*" });
    await page.until(({ notices }) => notices.size > 0);
    assert.match(errors.join(), /BigInt/);
  });

  it("names a call that a policy does not allow", async () => {
    const denied = { caller: PROCESSOR, action: "s3:GetObject", resource: "arn:aws:s3:::b/k" };
    console.event({ kind: "denied", at: 1, ...denied });
    const model = await page.until(({ notices }) => notices.size > 0);
    assert.deepEqual(textOf(model), [`${PROCESSOR} is not allowed s3:GetObject on arn:aws:s3:::b/k.`]);
  });

  it("shows requests to the API with what was requested, without those of the list that it reads itself", async () => {
    const request = (method: string, resource: string, status: number) =>
      console.event({
        kind: "log",
        at: 1,
        instance: "prices",
        functionName: "prices-connection-api-1",
        line: JSON.stringify({ level: "info", message: "request", method, resource, status }),
      });
    request("GET", "/connections", 200);
    request("GET", "/connections", 500);
    request("POST", "/connections/{streamId}", 202);
    const { logs } = await page.until(({ logs }) => logs.size === 2);
    assert.deepEqual(
      [...logs.values()].map(({ message }) => message),
      ["request  GET /connections: 500", "request  POST /connections/{streamId}: 202"],
    );
  });
});
