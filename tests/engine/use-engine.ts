import { type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend, type EngineStack, type StackOptions } from "./engine-stack";

/** A cloud with the Pulumi engine. */
export interface Engine extends StartedCloud {
  readonly backend: Backend;
  /** The stack `local` of the project `prices`. */
  readonly stack: EngineStack;
  /** Opens a stack of another project or with a configuration. */
  open(options: Omit<StackOptions, "environment">): Promise<EngineStack>;
}

/** Sets up an engine for a `describe` block and closes it after the last test. */
export function useEngine(options: Parameters<typeof startCloud>[0] = {}): Engine {
  const engine = {} as Engine;
  let cloud: StartedCloud | undefined;
  let backend: Backend | undefined;
  before(async () => {
    backend = createBackend();
    cloud = await startCloud(options);
    const { stack } = backend;
    const { environment } = cloud;
    const open: Engine["open"] = (options) => stack({ ...options, environment });
    Object.assign(engine, cloud, { backend, open, stack: await open({}) });
  });
  after(async () => {
    await cloud?.close();
    backend?.remove();
  });
  return engine;
}
