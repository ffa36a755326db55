import * as pulumi from "@pulumi/pulumi";
import { isStreamId, namesStream, type SourceSecret, STREAM_ID_RULE } from "../runtime/contract";
import type { SourceArgs, StreamIngestionArgs } from "./args";
import { expect, expectThat } from "./expect";
import { known } from "./known";

export interface DeclaredStreams {
  readonly streams: pulumi.Input<readonly string[]>;
  /** Whether every stream would send the same request. Undefined: only the existing secret shows it. */
  readonly sharedRequest: pulumi.Input<boolean> | undefined;
}

/** Checks `streams`, now or when they and the source are known. @throws Error that names the argument and what is allowed */
export function declaredStreams(args: StreamIngestionArgs): DeclaredStreams {
  const { maxConnections } = args.source;
  const ids = known(args.streams ?? [], (list: readonly string[]) => withinLimit(checkIds(list), maxConnections));
  if (args.source.secretArn !== undefined) return { streams: ids, sharedRequest: undefined };
  const sharedRequest = isShared(args.source);
  return { streams: known([ids, sharedRequest], checkCount), sharedRequest };
}

function checkIds(ids: readonly string[]): readonly string[] {
  expect(Array.isArray(ids), "`streams`", "a list of stream ids", ids);
  ids.forEach((id, index) => {
    expect(isStreamId(id), `\`streams[${index}]\``, STREAM_ID_RULE, id);
  });
  const duplicate = ids.find((id, index) => ids.indexOf(id) !== index);
  expectThat(duplicate === undefined, "`streams` to contain each stream id once", `"${duplicate}" more than once`);
  return ids;
}

function withinLimit(ids: readonly string[], maxConnections: number | undefined): readonly string[] {
  expectThat(
    maxConnections === undefined || ids.length <= maxConnections,
    `\`streams\` to have at most \`source.maxConnections\` (${maxConnections}) stream ids`,
    String(ids.length),
  );
  return ids;
}

function checkCount([ids, sharedRequest]: readonly [readonly string[], boolean]): readonly string[] {
  expectThat(
    ids.length < 2 || !sharedRequest,
    "`source` to have {streamId} in `url`, `path`, `query`, `headers`, `body` or `webSocket.messages`, because `streams` has more than one stream",
    "none, which would send the same request for every stream",
  );
  return ids;
}

function isShared({ url, path, query, headers, body, webSocket }: SourceArgs): pulumi.Input<boolean> {
  const request = { url, path, query, headers, body, messages: webSocket?.messages };
  const shared = known(request, (plain: Partial<SourceSecret>) => !namesStream(plain));
  // The values are secret; whether they contain the placeholder is not.
  return typeof shared === "boolean" ? shared : pulumi.unsecret(pulumi.output(shared));
}
