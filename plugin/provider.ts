import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ConstructResult, Provider } from "@pulumi/pulumi/provider";
import { StreamIngestion, type StreamIngestionArgs } from "../components/index";
import { COMPONENT_TYPE } from "../runtime/contract";
import { openInputs, type PackageSchema } from "./open-inputs";

/** The component behind Pulumi's provider protocol, for programs in YAML, Python, Go, .NET and Java. */
export function componentProvider(): Provider {
  const schemaText = readFileSync(join(__dirname, "schema.json"), "utf8");
  const schema: PackageSchema = JSON.parse(schemaText);
  return {
    version: schema.version,
    getSchema: async () => schemaText,
    construct: (name, type, inputs, options) => construct(schema, name, type, inputs, options),
  };
}

async function construct(
  schema: PackageSchema,
  name: string,
  type: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
): Promise<ConstructResult> {
  const definition = schema.resources[type];
  if (type !== COMPONENT_TYPE || !definition)
    throw new Error(`Expected a resource of type ${COMPONENT_TYPE}, got ${type}.`);
  const args = await openInputs(schema, definition.inputProperties, inputs);
  try {
    const component = new StreamIngestion(name, args as unknown as StreamIngestionArgs, options);
    const outputs = Object.keys(definition.properties) as (keyof StreamIngestion)[];
    return { urn: component.urn, state: Object.fromEntries(outputs.map((output) => [output, component[output]])) };
  } catch (error) {
    throw propertyError(error, Object.keys(definition.inputProperties));
  }
}

/** Names the argument that an error of the component is about, so that Pulumi shows it with the program's own line. */
function propertyError(error: unknown, names: readonly string[]): unknown {
  if (!pulumi.ResourceError.isInstance(error)) return error;
  const quoted = [...error.message.matchAll(/`([^`]+)`/g)].map(([, path]) => path!);
  const propertyPath = quoted.find((path) => names.includes(path.split(/[.[]/)[0]!));
  return propertyPath === undefined ? error : new pulumi.InputPropertyError({ propertyPath, reason: error.message });
}
