import type { Properties } from "../evaluate/wire";
import { LocalError } from "../local-error";
import { messages } from "./pulumi-protocol";

/** The property that holds the physical name, by type, where the AWS provider makes a name from the Pulumi name. */
const NAME: Readonly<Record<string, string>> = {
  "aws:apigateway/restApi:RestApi": "name",
  "aws:cloudwatch/logGroup:LogGroup": "name",
  "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
  "aws:dynamodb/table:Table": "name",
  "aws:iam/role:Role": "name",
  "aws:iam/rolePolicy:RolePolicy": "name",
  "aws:lambda/function:Function": "name",
  "aws:s3/bucket:Bucket": "bucket",
  "aws:scheduler/schedule:Schedule": "name",
  "aws:secretsmanager/secret:Secret": "name",
  "aws:sqs/queue:Queue": "name",
};

/**
 * The inputs with the name that the engine proposes under the configuration `pulumi:autonaming`. A resource keeps the name that it
 * has, because a new one would replace it.
 */
export function withProposedName(
  type: string,
  inputs: Properties,
  before: Properties,
  autonaming: messages.CheckRequest.AutonamingOptions | undefined,
): Properties {
  const property = NAME[type];
  if (autonaming === undefined || property === undefined || inputs[property] !== undefined) return inputs;
  if (autonaming.getMode() === messages.CheckRequest.AutonamingOptions.Mode.DISABLE)
    throw new LocalError(
      `Expected \`${property}\` of a ${type}, because \`pulumi:autonaming\` is disabled. Set it, for example with \`transform\`.`,
    );
  return { ...inputs, [property]: before[property] ?? autonaming.getProposedName() };
}
