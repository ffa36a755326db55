import * as pulumi from "@pulumi/pulumi";

export const isLater = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/** Checks a list or a map now, or as soon as all its values are known. The check returns the value. */
export function known<T>(value: pulumi.Input<unknown>, check: (value: T) => T): pulumi.Input<T> {
  const parts = typeof value === "object" && value !== null ? Object.values(value) : [];
  if (!isLater(value) && !parts.some(isLater)) return check(value as T);
  return pulumi.output(value as pulumi.Input<T>).apply((later) => {
    try {
      return check(later as T);
    } catch (error) {
      throw new pulumi.RunError((error as Error).message);
    }
  });
}
