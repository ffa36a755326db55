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
    ["says nothing without a statement", "none"],
    ["allows what is named", "allow", { Effect: "Allow", Action: [request.action], Resource: [request.resource] }],
    ["takes actions without regard to case", "allow", { ...allow, Action: "DynamoDB:getitem" }],
    ["takes resources with regard to case", "none", { ...allow, Resource: request.resource.toUpperCase() }],
    ["says nothing of another action", "none", { ...allow, Action: "dynamodb:PutItem" }],
    ["says nothing of another resource", "none", { ...allow, Resource: `${request.resource}/index/x` }],
    ["knows * across slashes and colons", "allow", { ...allow, Resource: "arn:*/connections" }],
    ["knows ? as one character", "allow", { ...allow, Action: "dynamodb:GetIte?" }],
    ["does not take a dot for any character", "none", { ...allow, Action: "dynamodb.GetItem" }],
    ["lets a deny win", "deny", allow, { ...allow, Effect: "Deny" }],
    ["lets a deny of another action pass", "allow", allow, { ...allow, Effect: "Deny", Action: "s3:*" }],
    ["knows NotAction", "none", { Effect: "Allow", NotAction: "dynamodb:*", Resource: "*" }],
    ["knows NotResource", "allow", { Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::*" }],
    ["knows every principal", "allow", { ...allow, Principal: "*" }],
    ["knows the account as a principal", "allow", { ...allow, Principal: { AWS: "arn:aws:iam::000000000000:root" } }],
    ["says nothing to another principal", "none", { ...allow, Principal: { Service: "apigateway.amazonaws.com" } }],
    [
      "knows an address range",
      "allow",
      { ...allow, Condition: { IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"] } } },
    ],
    [
      "knows what is outside of ranges",
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
      "asks for every condition",
      "none",
      { ...allow, Condition: { IpAddress: { "aws:SourceIp": "127.0.0.1" }, Bool: { "aws:SecureTransport": "true" } } },
    ],
    ["knows Null", "allow", { ...allow, Condition: { Null: { "aws:x": "true" } } }],
  ];

  for (const [statement, decision, ...policy] of cases) {
    it(statement, () => assert.equal(ask(...policy), decision));
  }

  it("refuses a condition that it does not evaluate, with its name", () => {
    const Statement = { ...allow, Condition: { DateLessThan: { "aws:CurrentTime": "2026" } } };
    assert.throws(() => parsePolicy(JSON.stringify({ Statement })), /DateLessThan is not evaluated locally/);
  });

  it("refuses an effect that is none", () => {
    assert.throws(() => parsePolicy('{"Statement":{"Effect":"allow"}}'), /Expected Effect Allow or Deny, got allow/);
  });
});
