import assert from "node:assert/strict";
import { type AccessRequest, decide, parsePolicy, type Statement } from "../../../local/cloud/access/policy";

const request: AccessRequest = {
  action: "dynamodb:GetItem",
  resource: "arn:aws:dynamodb:us-east-1:000000000000:table/connections",
  principal: "arn:aws:sts::000000000000:assumed-role/api/api",
  context: { "aws:sourceip": "127.0.0.1" },
};
const allow: Statement = { Effect: "Allow", Action: "*", Resource: "*" };
const ask = (...Statement: Statement[]) => decide([parsePolicy(JSON.stringify({ Statement }))], request);

describe("policy", () => {
  const cases: readonly (readonly [statement: string, decision: string, ...policy: Statement[]])[] = [
    ["decides none without a statement", "none"],
    [
      "allows a named action and resource",
      "allow",
      { Effect: "Allow", Action: [request.action], Resource: [request.resource] },
    ],
    ["ignores the case of actions", "allow", { ...allow, Action: "DynamoDB:getitem" }],
    ["respects the case of resources", "none", { ...allow, Resource: request.resource.toUpperCase() }],
    ["decides none for another action", "none", { ...allow, Action: "dynamodb:PutItem" }],
    ["decides none for another resource", "none", { ...allow, Resource: `${request.resource}/index/x` }],
    ["matches * across slashes and colons", "allow", { ...allow, Resource: "arn:*/connections" }],
    ["matches ? as one character", "allow", { ...allow, Action: "dynamodb:GetIte?" }],
    ["matches a dot literally", "none", { ...allow, Action: "dynamodb.GetItem" }],
    ["prefers a deny", "deny", allow, { ...allow, Effect: "Deny" }],
    ["ignores a deny of another action", "allow", allow, { ...allow, Effect: "Deny", Action: "s3:*" }],
    ["supports NotAction", "none", { Effect: "Allow", NotAction: "dynamodb:*", Resource: "*" }],
    ["supports NotResource", "allow", { Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::*" }],
    ["supports every principal", "allow", { ...allow, Principal: "*" }],
    [
      "supports the account as a principal",
      "allow",
      { ...allow, Principal: { AWS: "arn:aws:iam::000000000000:root" } },
    ],
    ["decides none for another principal", "none", { ...allow, Principal: { Service: "apigateway.amazonaws.com" } }],
    [
      "supports an address range",
      "allow",
      { ...allow, Condition: { IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"] } } },
    ],
    [
      "supports an excluded address range",
      "none",
      { ...allow, Condition: { NotIpAddress: { "aws:SourceIp": ["127.0.0.1/32", "10.0.0.0/8"] } } },
    ],
    ["fails a condition whose key is absent", "none", { ...allow, Condition: { StringEquals: { "aws:x": "1" } } }],
    [
      "passes a negated condition whose key is absent",
      "allow",
      { ...allow, Condition: { StringNotEquals: { "aws:x": "1" } } },
    ],
    [
      "passes …IfExists whose key is absent",
      "allow",
      { ...allow, Condition: { StringEqualsIfExists: { "aws:x": "1" } } },
    ],
    [
      "requires every condition",
      "none",
      { ...allow, Condition: { IpAddress: { "aws:SourceIp": "127.0.0.1" }, Bool: { "aws:SecureTransport": "true" } } },
    ],
    ["supports Null", "allow", { ...allow, Condition: { Null: { "aws:x": "true" } } }],
  ];

  for (const [statement, decision, ...policy] of cases) {
    it(statement, () => assert.equal(ask(...policy), decision));
  }

  it("rejects an unsupported condition by name", () => {
    const Statement = { ...allow, Condition: { DateLessThan: { "aws:CurrentTime": "2026" } } };
    assert.throws(() => parsePolicy(JSON.stringify({ Statement })), /DateLessThan is not evaluated locally/);
  });

  it("rejects an invalid effect", () => {
    assert.throws(() => parsePolicy('{"Statement":{"Effect":"allow"}}'), /Expected Effect Allow or Deny, got allow/);
  });
});
