import type { Service } from "../service";
import { dynamoDbProtocol } from "./dynamodb-protocol";
import { getTable, table, tableItem } from "./resources";
import { openTables, type Tables } from "./tables";

/** DynamoDB and DynamoDB Streams. */
export const dynamodb: Service<{ readonly tables: Tables }> = {
  open({ region, accountId, dataDir, emit }) {
    const tables = openTables({ region, accountId, dataDir, emit, now: Date.now });
    return {
      model: { tables },
      protocol: { signingName: "dynamodb", ...dynamoDbProtocol({ tables, region, accountId }) },
      close: tables.close,
    };
  },
  resources: { "aws:dynamodb/table:Table": table, "aws:dynamodb/tableItem:TableItem": tableItem },
  functions: { "aws:dynamodb/getTable:getTable": getTable },
};
