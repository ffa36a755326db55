import { type Answer, startUpstream, type Upstream } from "../fakes/upstream";

/** Starts upstreams that close after each test of the surrounding `describe`. */
export function useUpstreams(): (...answers: Answer[]) => Promise<Upstream> {
  const open: Upstream[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  return async (...answers) => {
    const one = await startUpstream(...answers);
    open.push(one);
    return one;
  };
}
