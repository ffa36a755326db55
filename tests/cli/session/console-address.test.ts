import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consoleAddress, keepConsoleAddress } from "../../../cli/session/console-address";
import { sessionFile, writeOwnFile } from "../../../cli/session/session-file";
import { freePort } from "../../fakes/free-port";

const isAlive = () => true;

/** A port of 127.0.0.1, with the server that has it. */
async function takenPort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe("the console's address in a project", () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  });
  afterEach(() => rmSync(project, { recursive: true }));

  it("is the same in the next run, and readable by its owner only", async () => {
    const { token, port: none } = await consoleAddress(project, 0);
    assert.equal(none, 0);
    const port = await freePort();
    keepConsoleAddress(project, { token, port }, isAlive);
    assert.deepEqual(await consoleAddress(project, 0), { token, port });
    assert.deepEqual(await consoleAddress(project, 4566), { token, port: 4566 });
    assert.equal(statSync(join(project, ".stream-ingestion/console.json")).mode & 0o777, 0o600);
  });

  it("has any free port while another process has that of the last run", async () => {
    const { server, port } = await takenPort();
    keepConsoleAddress(project, { token: "t".repeat(32), port }, isAlive);
    assert.deepEqual(await consoleAddress(project, 0), { token: "t".repeat(32), port: 0 });
    server.close();
  });

  it("stays that of another local stack that runs there, until it ends", async () => {
    const port = await freePort();
    const first = { token: "t".repeat(32), port };
    const second = { token: "t".repeat(32), port: await freePort() };
    keepConsoleAddress(project, first, isAlive);
    const other = { v: 1, pid: process.ppid, startedAt: 1, endpoint: `http://127.0.0.1:${port}` };
    writeOwnFile(sessionFile(project, other.pid), JSON.stringify(other));
    keepConsoleAddress(project, second, isAlive);
    assert.deepEqual(await consoleAddress(project, 0), first);
    keepConsoleAddress(project, second, () => false);
    assert.deepEqual(await consoleAddress(project, 0), second);
  });

  it("is new, and hidden again, when others could read the file", async () => {
    const file = join(project, ".stream-ingestion/console.json");
    keepConsoleAddress(project, { token: "t".repeat(32), port: 0 }, isAlive);
    chmodSync(file, 0o644);
    const { token } = await consoleAddress(project, 0);
    assert.notEqual(token, "t".repeat(32));
    keepConsoleAddress(project, { token, port: 0 }, isAlive);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("is new when the file is not readable", async () => {
    keepConsoleAddress(project, { token: "t".repeat(32), port: 1 }, isAlive);
    for (const text of [
      "",
      "{",
      '{"token":"","port":1}',
      '{"token":1}',
      JSON.stringify({ token: "t".repeat(32), port: 70_000 }),
    ]) {
      writeFileSync(join(project, ".stream-ingestion/console.json"), text);
      const { token, port } = await consoleAddress(project, 0);
      assert.deepEqual([token.length, port], [32, 0], text);
      assert.notEqual(token, "t".repeat(32));
    }
  });
});
