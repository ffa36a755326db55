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

  it("takes a fixed part before a parameter, and a parameter before the rest", () => {
    assert.deepEqual(match("GET", "/connections/all"), ["GET", "/connections/all", {}]);
    assert.deepEqual(match("GET", "/connections/a"), ["GET", "/connections/{id}", { id: "a" }]);
    assert.deepEqual(match("GET", "/connections/a/b"), ["GET", "/{proxy+}", { proxy: "connections/a/b" }]);
  });

  it("takes a method before ANY", () => {
    assert.deepEqual(match("PUT", "/connections/a"), ["ANY", "/connections/{id}", { id: "a" }]);
  });

  it("decodes a parameter after the path was cut, so that an encoded slash stays in it", () => {
    assert.deepEqual(match("GET", "/connections/a%2Fb"), ["GET", "/connections/{id}", { id: "a/b" }]);
  });

  it("knows no path with a broken encoding", () => {
    assert.equal(match("PUT", "/connections/%E0%A4%A"), undefined);
  });

  it("takes no empty parameter", () => {
    assert.equal(match("PUT", "/connections/"), undefined);
  });

  it("knows no other method", () => {
    assert.equal(match("POST", "/connections"), undefined);
  });
});
