/** Entry `pulumi-stream-ingestion/testing`: what a test of a processor needs, without AWS. */
export { type FakeUpstream, type FakeUpstreamOptions, startFakeUpstream } from "./fake-upstream";
export { recordedEvents } from "./recorded-events";
export { type TestEvent, type TestOptions, type TestResult, testProcessor } from "./test-processor";
