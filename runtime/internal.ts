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
  type RelaySettings,
  STREAM_ID_KEY,
  STREAM_ID_RULE,
  unaccounted,
  ZERO_COUNTERS,
} from "./contract";
export type { ConnectionView } from "./control/api/view";
export { matchingRule } from "./data/control-events";
export type { EventSink } from "./data/event-sink";
export { contentKey, eventKey } from "./data/identity";
export { decodeItem, type StoredEvent } from "./data/item";
export { decodedBody } from "./data/source/body";
export { openSource } from "./data/source/follow-redirects";
export { discard, httpTransport } from "./data/source/http-transport";
export { classifyStatus } from "./data/source/outcome";
export { redact, type SourceRequest, sourceRequest } from "./data/source/request";
export { streamDecoder } from "./data/stream-decoder";
export { type Failure, type FailureReason, failureObjectKey, failurePrefix } from "./processor/failure";
export { readFailureObject } from "./processor/failure-object";
export type { BatchResponse, StreamBatch } from "./processor/lambda";
export { redriveBatch, redriveOversize } from "./processor/redrive-record";
export { type Clock, systemClock } from "./support/clock";
export { groupBy } from "./support/group-by";
export { lazyJson } from "./support/json-pointer";
