import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** What an existing table must be to replace one that the component would create. */
export interface TableShape {
  /** Argument that named it. */
  readonly argument: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  /** Feeds the processor: new images are needed. */
  readonly stream: boolean;
}

/** The name of an existing table after a look at it: a table that does not fit fails here, in our words. */
export function checkExistingTable(
  name: pulumi.Input<string>,
  shape: TableShape,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return aws.dynamodb.getTableOutput({ name }, { parent }).apply((found) => {
    const keys = [found.hashKey, found.rangeKey].filter(Boolean).join(", ");
    const wanted = [shape.hashKey, shape.rangeKey].filter(Boolean).join(", ");
    if (keys !== wanted) throw misfit(shape, found.name, `the keys ${wanted}`, `the keys ${keys}`);
    const images = found.streamEnabled ? found.streamViewType : "none";
    if (shape.stream && images !== "NEW_IMAGE" && images !== "NEW_AND_OLD_IMAGES") {
      throw misfit(shape, found.name, "a stream of new images", `the stream ${images}`);
    }
    return found.name;
  });
}

function misfit({ argument }: TableShape, name: string, wanted: string, seen: string): pulumi.RunError {
  return new pulumi.RunError(
    `Expected \`${argument}\` to be a table with ${wanted}, but ${name} has ${seen}. Name another, or leave it out and get a new one.`,
  );
}
