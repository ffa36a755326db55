import { COMPONENT_TYPE } from "pulumi-stream-ingestion/internal";
import { type ExportedResource, findDeployment } from "../verify/find-deployment";
import { type AwsAccess, type AwsInstance, awsInstance } from "./aws-instance";
import type { ConsoleState } from "./console-state";
import { poll } from "./poll";

export interface FeedOptions {
  readonly state: ConsoleState;
  readonly access: AwsAccess;
  readonly resources: readonly ExportedResource[];
  /** Whether a page is open. Without one, only the streams are read. */
  readonly isWatched: () => boolean;
  readonly ms: { readonly streams?: number; readonly failures: number; readonly alarms: number };
}

export interface Feed {
  instance(name: string): AwsInstance | undefined;
  readonly instances: readonly AwsInstance[];
  /** Reads everything soon, for example after a command. */
  refresh(): void;
  /** Aborts when the feed ends. */
  readonly signal: AbortSignal;
  close(): void;
}

/** Reads the instances of a stack regularly. What cannot be read is a notice; the rest works. */
export async function startFeed({ state, access, resources, isWatched, ms }: FeedOptions): Promise<Feed> {
  const names = resources.filter(({ type }) => type === COMPONENT_TYPE).map(({ urn }) => urn.split("::").at(-1) ?? "");
  const instances = await Promise.all(names.map((name) => awsInstance(findDeployment(resources, name), access)));
  const stop = new AbortController();
  const { signal } = stop;
  let wake = new AbortController();
  /** What a closed feed still reads is not shown: the instance can be removed. */
  const shown =
    <T>(read: () => Promise<T>, show: (value: T) => void) =>
    async () => {
      const value = await read();
      if (!signal.aborted) show(value);
    };
  for (const one of instances) {
    const { instance: name, apiUrl } = one.deployment;
    const options = { signal, state, wake: () => wake.signal };
    const { streams } = ms;
    if (streams !== undefined) {
      const read = shown(one.streams, (all) => state.streams(name, apiUrl, all));
      void poll(read, { ...options, ms: streams, what: `the streams of ${name}` });
    }
    const whileWatched = { ...options, isNeeded: isWatched };
    const readFailures = shown(one.failures, (all) => state.failures(name, all));
    void poll(readFailures, { ...whileWatched, ms: ms.failures, what: `the failures of ${name}` });
    const readAlarms = shown(one.alarms, (all) => state.alarms(name, all));
    void poll(readAlarms, { ...whileWatched, ms: ms.alarms, what: `the alarms of ${name}` });
  }
  return {
    instances,
    signal,
    refresh() {
      wake.abort();
      wake = new AbortController();
    },
    instance: (name) => instances.find(({ deployment }) => deployment.instance === name),
    close() {
      stop.abort();
      for (const one of instances) one.close();
    },
  };
}
