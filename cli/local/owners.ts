import type { Instance } from "./ingestion-stack";
import type { Owners } from "./stack-event";

/** The tables and functions of instances, which are added when they are known. */
export function ownersOfInstances(): Required<Owners> & { add(instance: Instance): void } {
  const eventTables = new Set<string>();
  const processors = new Set<string>();
  const instances = new Map<string, string>();
  return {
    eventTables,
    processors,
    instanceOf: (resource) => instances.get(resource),
    add(instance) {
      for (const table of instance.eventTables) eventTables.add(table);
      for (const resource of [...instance.eventTables, ...instance.functions]) instances.set(resource, instance.name);
      if (instance.processor !== undefined) processors.add(instance.processor);
    },
  };
}
