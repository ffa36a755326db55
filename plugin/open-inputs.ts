import * as pulumi from "@pulumi/pulumi";

/** The parts of a Pulumi package schema that describe arguments. https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export interface PackageSchema {
  readonly version: string;
  readonly resources: Readonly<
    Record<string, { readonly inputProperties: Properties; readonly properties: Properties }>
  >;
  readonly types: Readonly<Record<string, { readonly properties?: Properties }>>;
}

type Properties = Readonly<Record<string, Property>>;

interface Property {
  /** The value must be known when the program runs. */
  readonly plain?: boolean;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}

const TYPES = "#/types/";

/**
 * Gives arguments the form that the component takes. Another language may pass a whole argument as one output, for example because a
 * member of it is a secret. Where the schema has a plain value, the output is opened, and its members that may be outputs keep
 * its secretness and its dependencies.
 * @throws pulumi.InputPropertyError for an output without a known value where the schema has a plain one
 */
export async function openInputs(
  schema: PackageSchema,
  properties: Properties,
  inputs: pulumi.Inputs,
): Promise<pulumi.Inputs> {
  const open = async (value: unknown, property: Property | undefined, path: string): Promise<unknown> => {
    if (pulumi.Output.isInstance(value)) return property?.plain ? openOutput(value, property, path) : value;
    return openMembers(value, property, path, open);
  };

  const openOutput = async (output: pulumi.Output<unknown>, property: Property, path: string): Promise<unknown> => {
    const { isKnown, value } = await stateOf(output);
    if (!isKnown)
      throw new pulumi.InputPropertyError({
        propertyPath: path,
        reason: `Expected \`${path}\` to be known when the program runs, got an output of a resource.`,
      });
    const within = async (member: unknown, of: Property | undefined, memberPath: string): Promise<unknown> => {
      if (pulumi.Output.isInstance(member)) return open(member, of, memberPath);
      return of?.plain ? openMembers(member, of, memberPath, within) : output.apply(() => member);
    };
    return openMembers(value, property, path, within);
  };

  const openMembers = async (value: unknown, property: Property | undefined, path: string, each: typeof open) => {
    if (typeof value !== "object" || value === null || isResourceOrAsset(value)) return value;
    if (Array.isArray(value)) return Promise.all(value.map((item, i) => each(item, property?.items, `${path}[${i}]`)));
    const members = property?.$ref?.startsWith(TYPES)
      ? schema.types[property.$ref.slice(TYPES.length)]?.properties
      : undefined;
    const entries = Object.entries(value).map(async ([name, member]) => {
      const of = members?.[name] ?? property?.additionalProperties;
      return [name, await each(member, of, path === "" ? name : `${path}.${name}`)];
    });
    return Object.fromEntries(await Promise.all(entries));
  };

  const opened = Object.entries(inputs).map(async ([name, value]) => [name, await open(value, properties[name], name)]);
  return Object.fromEntries(await Promise.all(opened));
}

function isResourceOrAsset(value: object): boolean {
  return (
    pulumi.Resource.isInstance(value) || pulumi.asset.Asset.isInstance(value) || pulumi.asset.Archive.isInstance(value)
  );
}

/** What `pulumi.Output` has and does not declare. */
async function stateOf(output: pulumi.Output<unknown>): Promise<{ isKnown: boolean; value: unknown }> {
  const internal = output as unknown as { readonly isKnown: Promise<boolean>; promise(): Promise<unknown> };
  return { isKnown: await internal.isKnown, value: await internal.promise() };
}
