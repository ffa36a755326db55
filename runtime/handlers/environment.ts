import { ENV } from "../contract";
import { StreamError } from "../support/errors";

/** The value of an environment variable that the component sets. @throws StreamError CONFIG_INVALID */
export function environment(name: keyof typeof ENV): string {
  const value = process.env[ENV[name]];
  if (value) return value;
  throw new StreamError("CONFIG_INVALID", `Expected environment variable ${ENV[name]} to be set by the deployment`);
}
