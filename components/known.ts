import * as pulumi from "@pulumi/pulumi";

export const isLater = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/** Checks a value now, or as soon as all its parts are known. Returns what the check returns. */
export function known<T, R>(value: unknown, check: (value: T) => R): pulumi.Input<R> {
  if (!hasLater(value)) return check(value as T);
  return (pulumi.output(value) as pulumi.Output<unknown>).apply((later) => {
    try {
      return check(later as T);
    } catch (error) {
      throw new pulumi.RunError((error as Error).message);
    }
  }) as pulumi.Input<R>;
}

function hasLater(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isLater(value) || Object.values(value).some(hasLater);
}
