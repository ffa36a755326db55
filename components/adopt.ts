import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** What an existing table needs so that the component can use it. */
export interface TableShape {
  /** The argument that names the table. */
  readonly argument: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  /** Whether it needs a stream with new images, which the processor reads. */
  readonly stream: boolean;
}

/** Fails the program, in words that name the argument, where the component cannot use an existing table. */
export function checkExistingTable(name: pulumi.Input<string>, shape: TableShape, parent: pulumi.Resource): void {
  aws.dynamodb.getTableOutput({ name }, { parent }).apply((found) => {
    const keys = [found.hashKey, found.rangeKey].filter(Boolean).join(", ");
    const expected = [shape.hashKey, shape.rangeKey].filter(Boolean).join(", ");
    if (keys !== expected) throw mismatch(shape, found.name, `the keys ${expected}`, `the keys ${keys}`);
    const images = found.streamEnabled ? found.streamViewType : "none";
    if (shape.stream && images !== "NEW_IMAGE" && images !== "NEW_AND_OLD_IMAGES") {
      const actual = images === "none" ? "no stream" : `a stream with ${images}`;
      throw mismatch(shape, found.name, "a stream with new images", actual);
    }
  });
}

function mismatch({ argument }: TableShape, name: string, expected: string, actual: string): pulumi.RunError {
  return new pulumi.RunError(
    `Expected \`${argument}\` to name a table with ${expected}, but the table "${name}" has ${actual}. Name another table, or remove the argument to create a new one.`,
  );
}
