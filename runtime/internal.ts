/**
 * What the command line uses of the deployed code. The build bundles it into the command line: with a dependency on the component,
 * `npx stream-ingestion` would install the component's peers, 180 MB of Pulumi SDKs.
 */
export {
  COMPONENT_TYPE,
  CONTRACT_VERSION,
  type ConnectionRow,
  type Counters,
  ENV,
  EVENT_KEY,
  FAILURE_PREFIX,
  type IdentitySettings,
  ITEM,
  isStreamId,
  LAMBDA_FAILURE_PREFIX,
  METRIC,
  METRIC_NAMESPACE,
  newEvents,
  PACK_PREFIX,
  type RelaySettings,
  type SourceSecret,
  STREAM_ID_KEY,
  STREAM_ID_RULE,
  unaccounted,
  ZERO_COUNTERS,
} from "./contract";
export type { ConnectionView } from "./control/api/view";
export { matchingRule } from "./data/control-events";
export type { EventSink } from "./data/event-sink";
export { contentKey, eventKey } from "./data/identity";
export type { StoredEvent } from "./data/item";
export { packKey } from "./data/pack";
export { compareSequence } from "./data/sequence";
export { tokenCache } from "./data/source/oauth2";
export { parseSecret } from "./data/source/parse-secret";
export type { OpenConnection } from "./data/source/port";
export { redact, sourceRequest } from "./data/source/request";
export type { AwsIdentity } from "./data/source/signed-request";
export { sourceOf } from "./data/source/transport";
export { type CorruptItem, readableEvents, storedEvents } from "./data/stored-events";
export { type Failure, type FailureReason, failureObjectKey, failurePrefix } from "./processor/failure";
export { readFailureObject } from "./processor/failure-object";
export type { BatchResponse, StreamBatch, StreamRecord } from "./processor/lambda";
export { redriveBatch, redriveOversize, replayBatch } from "./processor/redrive-record";
export { type Clock, systemClock } from "./support/clock";
export { groupBy } from "./support/group-by";
export { lazyJson } from "./support/json-pointer";
export { silentLogger } from "./support/logger";
