import { type ChangeList, changeList } from "./change-list";
import type { FailureView } from "./protocol";

export const MAX_FAILURES = 500;

/** The latest failed events of all instances. */
export interface FailureList {
  readonly list: ChangeList<FailureView>;
  /** Replaces those of one instance. Returns their numbers by stream. @param failures oldest first */
  replace(instance: string, failures: readonly FailureView[]): Map<string, number>;
}

export function failureList(): FailureList {
  const list = changeList<FailureView>(MAX_FAILURES);
  return {
    list,
    replace(instance, failures) {
      const shown = failures.slice(-MAX_FAILURES);
      const ids = new Set(shown.map(({ id }) => id));
      for (const { id, stream } of list.all()) if (stream.startsWith(`${instance}/`) && !ids.has(id)) list.remove(id);
      for (const failure of shown)
        if (JSON.stringify(list.get(failure.id)) !== JSON.stringify(failure)) list.put(failure);
      const counts = new Map<string, number>();
      for (const { stream } of failures) counts.set(stream, (counts.get(stream) ?? 0) + 1);
      return counts;
    },
  };
}
