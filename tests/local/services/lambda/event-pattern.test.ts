import assert from "node:assert/strict";
import { matchesPattern, parsePattern } from "../../../../local/services/lambda/mapping/event-pattern";

const record = {
  eventName: "INSERT",
  dynamodb: { NewImage: { price: { N: "3" }, tags: { SS: ["a", "b"] }, open: { BOOL: true } }, size: 7 },
};

const matches = (pattern: object, event: unknown = record) =>
  matchesPattern(parsePattern(JSON.stringify(pattern)), event);

describe("event pattern", () => {
  const cases: readonly (readonly [statement: string, pattern: object, expected: boolean])[] = [
    ["passes a value that is listed", { eventName: ["MODIFY", "INSERT"] }, true],
    ["stops a value that is not listed", { eventName: ["MODIFY"] }, false],
    ["stops a field that is not there", { other: ["x"] }, false],
    ["asks for every field", { eventName: ["INSERT"], dynamodb: { size: [8] } }, false],
    ["looks into nested fields", { dynamodb: { NewImage: { price: { N: ["3"] } } } }, true],
    ["distinguishes a number from text", { dynamodb: { NewImage: { price: { N: [3] } } } }, false],
    ["is met by one member of a list", { dynamodb: { NewImage: { tags: { SS: ["b"] } } } }, true],
    ["knows prefix", { eventName: [{ prefix: "IN" }] }, true],
    ["knows suffix", { eventName: [{ suffix: "IN" }] }, false],
    ["knows exists for leaves", { dynamodb: { size: [{ exists: true }] } }, true],
    ["does not count an object as a leaf", { dynamodb: [{ exists: true }] }, false],
    ["knows exists: false", { userIdentity: { type: [{ exists: false }] } }, true],
    ["knows anything-but", { eventName: [{ "anything-but": ["REMOVE", "MODIFY"] }] }, true],
    ["does not meet anything-but without a value", { other: [{ "anything-but": "x" }] }, false],
    ["knows anything-but with a prefix", { eventName: [{ "anything-but": { prefix: "INS" } }] }, false],
    ["knows numeric ranges", { dynamodb: { size: [{ numeric: [">", 0, "<=", 7] }] } }, true],
    ["compares numbers alone as numbers", { dynamodb: { NewImage: { price: { N: [{ numeric: [">", 0] }] } } } }, false],
    ["knows equals-ignore-case", { eventName: [{ "equals-ignore-case": "insert" }] }, true],
  ];

  for (const [statement, pattern, expected] of cases) {
    it(statement, () => assert.equal(matches(pattern), expected));
  }

  it("refuses a rule that it does not know, with its name", () => {
    assert.throws(() => parsePattern('{"a":[{"cidr":"10.0.0.0/8"}]}'), /"cidr".*not evaluated locally/);
  });

  it("refuses a value that is not in a list", () => {
    assert.throws(() => parsePattern('{"a":"INSERT"}'), /the pattern\.a.*got "INSERT"/);
  });
});
