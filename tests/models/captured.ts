import { StreamIngestion } from "../../components";
import { evaluate, plain } from "../mocks/recording-monitor";
import type { ArgumentSet } from "./argument-sets";
import { createdIn } from "./created";

/** A child resource with its inputs: secrets as their values. */
export interface Captured {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: wire values.
  readonly inputs: any;
}

/** The AWS resources that a deployment with these arguments registers. */
export async function captured({ name = "prices", region = "eu-west-1", args }: ArgumentSet): Promise<Captured[]> {
  const { resources } = await evaluate(() => new StreamIngestion(name, args), { region, created: createdIn(region) });
  return resources
    .filter(({ type }) => type.startsWith("aws:"))
    .map(({ type, name, inputs }) => ({ type, name, inputs: plain(inputs) }));
}
