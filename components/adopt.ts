import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** What an existing table needs so that the component can use it. */
export interface TableShape {
  /** The argument that names the table. */
  readonly argument: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  /** What its stream contains: new images for the processor, and old ones to count repeats. Absent: it needs no stream. */
  readonly stream?: "new images" | "new and old images";
}

/** Fails the program, in words that name the argument, where the component cannot use an existing table. */
export function checkExistingTable(name: pulumi.Input<string>, shape: TableShape, parent: pulumi.Resource): void {
  aws.dynamodb.getTableOutput({ name }, { parent }).apply((found) => {
    const keys = [found.hashKey, found.rangeKey].filter(Boolean).join(", ");
    const expected = [shape.hashKey, shape.rangeKey].filter(Boolean).join(", ");
    if (keys !== expected) throw mismatch(shape, found.name, `the keys ${expected}`, `the keys ${keys}`);
    const images = found.streamEnabled ? found.streamViewType : "none";
    const fits = images === "NEW_AND_OLD_IMAGES" || (images === "NEW_IMAGE" && shape.stream === "new images");
    if (shape.stream && !fits) {
      const actual = images === "none" ? "no stream" : `a stream with ${images}`;
      const without = images === "NEW_IMAGE" ? "Set `events.countRepeats` to false, name" : "Name";
      throw mismatch(shape, found.name, `a stream with ${shape.stream}`, actual, without);
    }
  });
}

function mismatch(
  { argument }: TableShape,
  name: string,
  expected: string,
  actual: string,
  solution = "Name",
): pulumi.RunError {
  return new pulumi.RunError(
    `Expected \`${argument}\` to name a table with ${expected}, but the table "${name}" has ${actual}. ${solution} another table, or remove the argument to create a new one.`,
  );
}
