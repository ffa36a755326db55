import assert from "node:assert/strict";
import { jsonLogger } from "../../runtime/support/logger";

describe("JSON logger", () => {
  const linesOf = (log: (logger: ReturnType<typeof jsonLogger>) => void) => {
    const lines: unknown[] = [];
    log(
      jsonLogger(
        (line) => lines.push(JSON.parse(line)),
        { app: "a" },
        () => 0,
      ),
    );
    return lines;
  };
  const time = "1970-01-01T00:00:00.000Z";

  it("writes one JSON object per line", () => {
    const lines = linesOf((logger) => logger.with({ streamId: "s" }).log("info", "Started", { count: 1 }));
    assert.deepEqual(lines, [{ time, level: "info", message: "Started", app: "a", streamId: "s", count: 1 }]);
  });

  it("keeps time, level and message when fields have these names", () => {
    const fields = { time: 1, level: 2, message: "other" };
    const named = { time_: 1, level_: 2, message_: "other" };
    const expected = { time, level: "warn", message: "Failed", app: "a", ...named };
    assert.deepEqual(
      linesOf((logger) => {
        logger.log("warn", "Failed", fields);
        logger.with(fields).log("warn", "Failed");
      }),
      [expected, expected],
    );
  });

  it("writes only the code and the message of an error", () => {
    const error = Object.assign(new Error("refused"), { code: "E1", headers: { authorization: "secret" } });
    const [line] = linesOf((logger) => logger.log("error", "Failed", { error })) as [{ error: unknown }];
    assert.deepEqual(line.error, { code: "E1", message: "refused" });
  });
});
