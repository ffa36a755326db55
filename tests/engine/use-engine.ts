import { type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend, type EngineStack, type StackOptions } from "./engine-stack";

/** A cloud, and Pulumi's engine at work on it. */
export interface Engine extends StartedCloud {
  readonly backend: Backend;
  /** The stack `local` of the project `prices`. */
  readonly stack: EngineStack;
  /** A stack of another project, or one with a configuration. */
  open(options: Omit<StackOptions, "environment">): Promise<EngineStack>;
}

/** What every test of a `describe` works with: there from the first `it` on, gone after the last. */
export function useEngine(options: Parameters<typeof startCloud>[0] = {}): Engine {
  const engine = {} as Engine;
  let cloud: StartedCloud | undefined;
  let backend: Backend | undefined;
  before(async () => {
    backend = createBackend();
    cloud = await startCloud(options);
    const { stack } = backend;
    const { environment } = cloud;
    const open: Engine["open"] = (given) => stack({ ...given, environment });
    Object.assign(engine, cloud, { backend, open, stack: await open({}) });
  });
  after(async () => {
    await cloud?.close();
    backend?.remove();
  });
  return engine;
}
