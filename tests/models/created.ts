import { createHash } from "node:crypto";

const ACCOUNT = "123456789012";

// biome-ignore lint/suspicious/noExplicitAny: wire values.
type Inputs = any;

/** A name as the provider makes it: the Pulumi name and seven hexadecimal digits. */
export const autonamed = (name: string) => `${name}-${createHash("sha256").update(name).digest("hex").slice(0, 7)}`;

/** Ids, names and ARNs in the form in which AWS assigns them, so that references can be checked against AWS's models. */
export function createdIn(region: string) {
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${ACCOUNT}:${rest}`;
  const id = (name: string, length: number) => createHash("sha256").update(name).digest("hex").slice(0, length);

  return (
    type: string,
    pulumiName: string,
    inputs: Inputs,
    existing: string | undefined,
  ): { id: string; state: Inputs } => {
    const name = existing || inputs.name || autonamed(pulumiName);
    const of = (resourceId: string, state: Inputs) => ({ id: resourceId, state: { ...inputs, ...state } });
    switch (type) {
      case "aws:iam/role:Role":
        return of(name, {
          name,
          arn: `arn:${partition}:iam::${ACCOUNT}:role${inputs.path ?? "/"}${name}`,
          uniqueId: `AROA${id(name, 17).toUpperCase()}`,
        });
      case "aws:dynamodb/table:Table": {
        const table = { hashKey: "streamId", rangeKey: "key", ...inputs };
        const tableArn = arn("dynamodb", `table/${name}`);
        return of(name, { ...table, name, arn: tableArn, streamArn: `${tableArn}/stream/2026-01-31T12:00:00.000` });
      }
      case "aws:s3/bucket:Bucket":
        return of(name.toLowerCase(), {
          bucket: name.toLowerCase(),
          arn: `arn:${partition}:s3:::${name.toLowerCase()}`,
        });
      case "aws:secretsmanager/secret:Secret": {
        const secretArn = existing || arn("secretsmanager", `secret:${name}-AbCdEf`);
        return of(secretArn, { name, arn: secretArn });
      }
      case "aws:cloudwatch/logGroup:LogGroup":
        return of(name, { name, arn: arn("logs", `log-group:${name}`) });
      case "aws:lambda/function:Function": {
        const functionArn = arn("lambda", `function:${name}`);
        const path = `path/2015-03-31/functions/${functionArn}/invocations`;
        return of(name, { name, arn: functionArn, invokeArn: `arn:${partition}:apigateway:${region}:lambda:${path}` });
      }
      case "aws:lambda/eventSourceMapping:EventSourceMapping":
        return of("14e0db71-5d35-4eb5-b481-8945cf9d10c2", { uuid: "14e0db71-5d35-4eb5-b481-8945cf9d10c2" });
      case "aws:apigateway/restApi:RestApi":
        return of(id(name, 10), {
          name,
          rootResourceId: id("root", 10),
          executionArn: arn("execute-api", id(name, 10)),
        });
      case "aws:apigateway/stage:Stage":
        return of(name, {
          invokeUrl: `https://${inputs.restApi}.execute-api.${region}.amazonaws.com/${inputs.stageName}`,
        });
      case "aws:ec2/vpcEndpoint:VpcEndpoint":
        return of(`vpce-${id(name, 17)}`, {});
      case "aws:ec2/securityGroup:SecurityGroup":
        return of(`sg-${id(name, 17)}`, { name });
      case "awsx:ec2:Vpc":
        return of(name, {
          vpcId: `vpc-${id(name, 17)}`,
          privateSubnetIds: [`subnet-${id(name, 17)}`],
          eips: [],
        });
      default:
        return of(id(name, 10), { name, arn: arn(type.split(":")[1]!.split("/")[0]!, name) });
    }
  };
}
