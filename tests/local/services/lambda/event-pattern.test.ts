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
    ["matches a listed value", { eventName: ["MODIFY", "INSERT"] }, true],
    ["does not match a value that is not listed", { eventName: ["MODIFY"] }, false],
    ["does not match a missing field", { other: ["x"] }, false],
    ["requires every field", { eventName: ["INSERT"], dynamodb: { size: [8] } }, false],
    ["matches nested fields", { dynamodb: { NewImage: { price: { N: ["3"] } } } }, true],
    ["distinguishes a number from text", { dynamodb: { NewImage: { price: { N: [3] } } } }, false],
    ["matches one member of a list", { dynamodb: { NewImage: { tags: { SS: ["b"] } } } }, true],
    ["supports prefix", { eventName: [{ prefix: "IN" }] }, true],
    ["supports suffix", { eventName: [{ suffix: "IN" }] }, false],
    ["supports exists for leaves", { dynamodb: { size: [{ exists: true }] } }, true],
    ["does not count an object as a leaf", { dynamodb: [{ exists: true }] }, false],
    ["supports exists: false", { userIdentity: { type: [{ exists: false }] } }, true],
    ["supports anything-but", { eventName: [{ "anything-but": ["REMOVE", "MODIFY"] }] }, true],
    ["does not match anything-but without a value", { other: [{ "anything-but": "x" }] }, false],
    ["supports anything-but with a prefix", { eventName: [{ "anything-but": { prefix: "INS" } }] }, false],
    ["supports numeric ranges", { dynamodb: { size: [{ numeric: [">", 0, "<=", 7] }] } }, true],
    ["compares only numbers in ranges", { dynamodb: { NewImage: { price: { N: [{ numeric: [">", 0] }] } } } }, false],
    ["supports equals-ignore-case", { eventName: [{ "equals-ignore-case": "insert" }] }, true],
  ];

  for (const [statement, pattern, expected] of cases) {
    it(statement, () => assert.equal(matches(pattern), expected));
  }

  it("rejects an unsupported rule by name", () => {
    assert.throws(() => parsePattern('{"a":[{"cidr":"10.0.0.0/8"}]}'), /"cidr".*not evaluated locally/);
  });

  it("rejects a value that is not in a list", () => {
    assert.throws(() => parsePattern('{"a":"INSERT"}'), /the pattern\.a.*got "INSERT"/);
  });
});
