import type { LocalCloud } from "../aws/cloud";
import { LocalError } from "../local-error";
import type { Invocation } from "./messages";
import type { Properties } from "./wire";

type Answerer = (cloud: LocalCloud, args: Properties) => Properties;

/** The provider functions that have an answer here: those that name the place, and the look at a table that is taken over. */
const ANSWERERS: Readonly<Record<string, Answerer>> = {
  "aws:index/getRegion:getRegion": ({ region }) => ({
    id: region,
    name: region,
    region,
    description: "local",
    endpoint: `ec2.${region}.amazonaws.com`,
  }),
  "aws:index/getCallerIdentity:getCallerIdentity": ({ accountId, operator }) => ({
    id: accountId,
    accountId,
    arn: `arn:aws:iam::${accountId}:user/local`,
    userId: operator.accessKeyId,
  }),
  "aws:index/getPartition:getPartition": () => ({
    id: "aws",
    partition: "aws",
    dnsSuffix: "amazonaws.com",
    reverseDnsPrefix: "com.amazonaws",
  }),
  "aws:dynamodb/getTable:getTable": ({ tables }, { name }) => {
    const table = tables.find(String(name));
    if (table === undefined) throw new LocalError(`There is no table ${String(name)} in the local stack.`);
    const { arn, hashKey, rangeKey = "", stream, streamViewType = "" } = table;
    const streamed = { streamEnabled: stream !== undefined, streamArn: stream?.arn ?? "", streamViewType };
    return { id: name, name, arn, hashKey, rangeKey, ...streamed };
  },
  "aws:index/getAvailabilityZones:getAvailabilityZones": ({ region }) => {
    const names = ["a", "b", "c"].map((zone) => `${region}${zone}`);
    return { id: region, names, zoneIds: names };
  },
};

export function answerInvocation(cloud: LocalCloud, { token, args }: Invocation): Properties {
  const answerer = ANSWERERS[token];
  if (answerer === undefined) {
    throw new LocalError(
      `The program calls ${token}, which the local stack does not answer. It answers ${Object.keys(ANSWERERS).join(", ")}.`,
    );
  }
  return answerer(cloud, args);
}
