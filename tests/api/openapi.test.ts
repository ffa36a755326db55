import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { STATUS, STREAM_ID_PATTERN, ZERO_COUNTERS } from "../../runtime/contract";
import { handleRequest, ROUTES } from "../../runtime/control/api/connection-api";
import { API_ERRORS, DEFAULT_PAGE, MAX_BODY_BYTES, MAX_PAGE } from "../../runtime/control/api/request";
import { deployment, liveRow, NOW, request } from "./api-fixture";

// biome-ignore lint/suspicious/noExplicitAny: a parsed document, walked by name
type Any = any;
type Node = Record<string, Any>;
const document: Node = parse(readFileSync(join(__dirname, "../../docs/openapi.yaml"), "utf8"));
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

function resolve(node: Node): Node {
  if (typeof node.$ref !== "string") return node;
  return node.$ref
    .slice(2)
    .split("/")
    .reduce((at: Node, name: string) => at[name], document);
}

/** Validates `value` against a schema. Supports the keywords that the document uses. */
function schemaErrors(value: Any, schemaOrRef: Node, at = "$"): string[] {
  const schema = resolve(schemaOrRef);
  if (schema.enum) return schema.enum.includes(value) ? [] : [`${at}: ${value} is not one of ${schema.enum}`];
  const actual = Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  if (actual !== schema.type) return [`${at}: is ${actual}, not ${schema.type}`];
  if (schema.format === "date-time" && new Date(value).toISOString() !== value)
    return [`${at}: ${value} is not a date-time`];
  if (actual === "array")
    return value.flatMap((item: unknown, i: number) => schemaErrors(item, schema.items, `${at}[${i}]`));
  if (actual !== "object") return [];
  const missing = (schema.required ?? [])
    .filter((name: string) => !(name in value))
    .map((name: string) => `${at}.${name}: missing`);
  const wrong = Object.entries(value).flatMap(([name, inner]) => {
    const inside = schema.properties?.[name] ?? schema.additionalProperties;
    return inside ? schemaErrors(inner, inside, `${at}.${name}`) : [`${at}.${name}: not described`];
  });
  return [...missing, ...wrong];
}

describe("docs/openapi.yaml", () => {
  it("describes exactly the routes of the code", () => {
    const described = Object.entries(document.paths as Node).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => METHODS.includes(key))
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routed = Object.entries(ROUTES).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`));
    assert.deepEqual(described.sort(), routed.sort());
  });

  it("lists the error codes, statuses, counters and limits of the code", () => {
    const { Error: error, Connection: connection } = document.components.schemas;
    assert.deepEqual(error.properties.code.enum, [...API_ERRORS]);
    assert.deepEqual([...connection.properties.status.enum].sort(), Object.values(STATUS).sort());
    assert.deepEqual(connection.properties.counters.required, Object.keys(ZERO_COUNTERS));
    const path = document.paths["/connections/{streamId}"];
    assert.equal(path.parameters[0].schema.pattern, STREAM_ID_PATTERN.source);
    assert.match(path.post.responses["413"].description, new RegExp(`${MAX_BODY_BYTES.toLocaleString("en")} bytes`));
    const limit = document.paths["/connections"].get.parameters[0].schema;
    assert.deepEqual([limit.default, limit.maximum], [DEFAULT_PAGE, MAX_PAGE]);
  });

  it("describes every response as it is sent", async () => {
    const full = {
      ...liveRow,
      checkpoint: "9",
      connectedSince: NOW,
      lastByteAt: NOW,
      retryAt: NOW,
      handover: { count: 1, mode: "break", lastGapMs: 5, maxGapMs: 9 },
      lastError: { code: "SOURCE_IDLE", message: "silent", at: NOW },
    } as const;
    const list = { resource: "/connections", streamId: undefined };
    const cases = [
      request({ method: "POST" }),
      request({ method: "POST", streamId: "new" }),
      request({ method: "POST", body: '{"resume":false}' }),
      request({ method: "POST", body: "[" }),
      request({ method: "POST", body: " ".repeat(2000) }),
      request({ method: "POST", streamId: ".." }),
      request(),
      request({ streamId: "absent" }),
      request({ method: "DELETE" }),
      request({ method: "DELETE", streamId: "absent" }),
      request(list),
      request({ ...list, query: { limit: "1" } }),
      request({ ...list, query: { limit: "x" } }),
    ];
    for (const one of cases) {
      const { status, body } = await handleRequest(deployment(full, { streamId: "other" }).deps, one);
      const response = document.paths[one.resource][one.method.toLowerCase()].responses[status];
      const label = `${one.method} ${one.resource} ${status}`;
      assert.ok(response, `${label} is not described`);
      const schema = resolve(response).content["application/json"].schema;
      assert.deepEqual(schemaErrors(JSON.parse(JSON.stringify(body)), schema), [], label);
    }
  });

  it("has no unresolved references", () => {
    const references: string[] = [];
    JSON.stringify(document, (key, value) => {
      if (key === "$ref") references.push(value);
      return value;
    });
    assert.ok(references.length > 10);
    for (const $ref of references) assert.ok(resolve({ $ref }), $ref);
  });
});
