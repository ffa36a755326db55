import { CONTRACT_VERSION, type RelaySettings } from "../contract";
import { StreamError } from "../support/errors";
import { environment } from "./environment";

/** Reads the deployment's settings. @throws StreamError CONFIG_INVALID when another release wrote them in a version that is not supported. */
export function relaySettings(): RelaySettings {
  const settings = JSON.parse(environment("settings")) as RelaySettings;
  if (settings.v === CONTRACT_VERSION) return settings;
  throw new StreamError(
    "CONFIG_INVALID",
    `Expected settings of version ${CONTRACT_VERSION}, got ${settings.v}. Deploy again so that code and settings are from the same release.`,
  );
}
