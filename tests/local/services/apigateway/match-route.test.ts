import assert from "node:assert/strict";
import { type Route, routeTable } from "../../../../local/services/apigateway/match-route";

const route = (method: string, path: string): Route => ({
  method,
  path,
  authorization: "NONE",
  apiKeyRequired: false,
  functionArn: "arn",
});

const ROUTES = [
  route("GET", "/connections"),
  route("GET", "/connections/{id}"),
  route("ANY", "/connections/{id}"),
  route("GET", "/connections/all"),
  route("GET", "/{proxy+}"),
];

describe("routeTable", () => {
  const table = routeTable(ROUTES);
  const match = (method: string, path: string) => {
    const found = table(method, path);
    return found && [found.route.method, found.route.path, found.parameters];
  };

  it("prefers a fixed part to a parameter, and a parameter to a greedy one", () => {
    assert.deepEqual(match("GET", "/connections/all"), ["GET", "/connections/all", {}]);
    assert.deepEqual(match("GET", "/connections/a"), ["GET", "/connections/{id}", { id: "a" }]);
    assert.deepEqual(match("GET", "/connections/a/b"), ["GET", "/{proxy+}", { proxy: "connections/a/b" }]);
  });

  it("prefers a method to ANY", () => {
    assert.deepEqual(match("PUT", "/connections/a"), ["ANY", "/connections/{id}", { id: "a" }]);
  });

  it("decodes parameters after it splits the path, so that an encoded slash stays inside one", () => {
    assert.deepEqual(match("GET", "/connections/a%2Fb"), ["GET", "/connections/{id}", { id: "a/b" }]);
  });

  it("does not match a path with an invalid encoding", () => {
    assert.equal(match("PUT", "/connections/%E0%A4%A"), undefined);
  });

  it("does not match an empty parameter", () => {
    assert.equal(match("PUT", "/connections/"), undefined);
  });

  it("does not match another method", () => {
    assert.equal(match("POST", "/connections"), undefined);
  });
});
