import assert from "node:assert/strict";
import { explained } from "../../cli/aws-error";
import { CliError } from "../../cli/terminal";

const sdkError = (name: string, message: string) => Object.assign(new Error(message), { name });

describe("an error of the AWS SDK", () => {
  for (const [name, message, code, expected] of [
    ["NoSuchBucket", "The specified bucket does not exist", "NO_SUCH_BUCKET", /--bucket.* AWS: The specified bucket/],
    ["ResourceNotFoundException", "Function not found: arn:x", "NO_SUCH_RESOURCE", /--table.* AWS: Function not found/],
    [
      "Error",
      "getaddrinfo ENOTFOUND s3.x.amazonaws.com",
      "NO_SUCH_ENDPOINT",
      /Check --region.* AWS: getaddrinfo ENOTFOUND/,
    ],
    ["CredentialsProviderError", "Could not load", "NO_CREDENTIALS", /^No AWS credentials found\. Set AWS_PROFILE/],
    ["Error", "Region is missing", "NO_REGION", /Pass --region, or set AWS_REGION\.$/],
  ] as const)
    it(`says what to do: ${name} (${message})`, () => {
      const error = explained(sdkError(name, message)) as CliError;
      assert.equal(error.code, code);
      assert.match(error.message, expected);
    });

  it("keeps its message otherwise, as errors of the command do", () => {
    for (const error of [sdkError("AccessDenied", "no"), new CliError("Region is missing", "X")])
      assert.equal(explained(error), error);
  });
});
