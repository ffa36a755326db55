import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSession } from "../../../cli/session/find-session";
import { openSession, readSessions, type Session, sessionFile, writeOwnFile } from "../../../cli/session/session-file";
import { instanceOutputs, sessionResources } from "../../../cli/session/session-resources";
import { COMPONENT_TYPE } from "../../../runtime/contract";
import { programFolder } from "../../local/evaluate/program-folder";

const operator = { accessKeyId: "AK", secretAccessKey: "SK" };
const SESSION = { stack: "local", endpoint: "http://127.0.0.1:1", region: "us-east-1", operator, resources: [] };
const ENDED = 2 ** 30;
const STARTED = 1_000;
const NEWER = 2_000;
/** Every process runs, except {@link ENDED}. */
const isAlive = (pid: number) => pid !== ENDED;

describe("the session of a local stack", () => {
  let folder: ReturnType<typeof programFolder>;
  let notes: string[];
  let env: NodeJS.ProcessEnv;
  const find = (options: object = {}): Promise<Session | undefined> =>
    findSession({ program: folder.path, ...options }, (note) => notes.push(note), env);

  const open = () => openSession(folder.path, isAlive, STARTED);
  const write = () => open().write(SESSION);
  const writeOther = (pid: number, startedAt = STARTED) => {
    const session: Session = { ...SESSION, v: 1, pid, startedAt, endpoint: `http://other.${pid}` };
    writeOwnFile(sessionFile(folder.path, pid), JSON.stringify(session));
  };

  beforeEach(() => {
    folder = programFolder({});
    notes = [];
    env = { AWS_PROFILE: "production", AWS_SESSION_TOKEN: "t", PATH: "/bin" };
  });
  afterEach(() => folder.remove());

  it("is found in each folder of the project, and this process then acts as its operator", async () => {
    write();
    mkdirSync(join(folder.path, "src/deep"), { recursive: true });
    const found = await find({ program: join(folder.path, "src/deep") });
    assert.deepEqual(found, { v: 1, pid: process.pid, startedAt: STARTED, ...SESSION });
    assert.deepEqual(env, {
      PATH: "/bin",
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "AK",
      AWS_SECRET_ACCESS_KEY: "SK",
    });
    assert.match(notes.join(), /local stack at http:\/\/127\.0\.0\.1:1\. Pass --stack/);
  });

  it("does not win over --stack, --api-url or another AWS_ENDPOINT_URL", async () => {
    write();
    assert.equal(await find({ stack: "dev" }), undefined);
    assert.equal(await find({ apiUrl: "https://api" }), undefined);
    env.AWS_ENDPOINT_URL = "http://127.0.0.1:2";
    assert.equal(await find(), undefined);
    assert.deepEqual([env.AWS_PROFILE, notes], ["production", []]);
    env.AWS_ENDPOINT_URL = SESSION.endpoint;
    assert.notEqual(await find({ json: true }), undefined);
    assert.deepEqual(notes, [], "--json prints no note");
  });

  it("of a process that has ended is removed with a sentence", async () => {
    writeOther(ENDED);
    assert.equal(await find(), undefined);
    assert.match(notes.join(), new RegExp(`has ended \\(process ${ENDED} does not run\\)`));
    assert.equal(env.AWS_PROFILE, "production");
    assert.deepEqual(readSessions(folder.path), []);
  });

  it("of the newest local stack that runs wins, and those of ended ones are removed", async () => {
    writeOther(process.ppid, 1);
    write();
    writeOther(ENDED, NEWER);
    assert.equal((await find())?.pid, process.pid);
    assert.match(
      notes.join(),
      /^Using the newest local stack, at http:\/\/127\.0\.0\.1:1\. .*another: http:\/\/other\.\d+\. /,
    );
    assert.deepEqual(
      readSessions(folder.path).map(({ pid }) => pid),
      [process.pid, process.ppid],
    );
  });

  it("of an older local stack is used when AWS_ENDPOINT_URL names it", async () => {
    writeOther(process.ppid, 1);
    write();
    env.AWS_ENDPOINT_URL = `http://other.${process.ppid}`;
    assert.equal((await find())?.pid, process.ppid);
  });

  it("is found by each spelling of its endpoint in AWS_ENDPOINT_URL, and not by another port", async () => {
    write();
    for (const named of ["http://127.0.0.1:1/", "http://localhost:1", "HTTP://LocalHost:1/"]) {
      env.AWS_ENDPOINT_URL = named;
      assert.equal((await find())?.pid, process.pid, named);
      assert.equal(env.AWS_ENDPOINT_URL, SESSION.endpoint);
    }
    for (const named of ["http://localhost:11", "https://localhost:1", "localhost:1"]) {
      env.AWS_ENDPOINT_URL = named;
      assert.equal(await find(), undefined, named);
    }
  });

  it("is in a file that only its owner can read and that git ignores", () => {
    write();
    assert.equal(statSync(sessionFile(folder.path)).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(folder.path, ".stream-ingestion/.gitignore"), "utf8"), "*\n");
  });

  it("is removed by its process for good, and that of another process is not", () => {
    const session = open();
    session.write(SESSION);
    writeOther(7);
    session.close();
    session.write(SESSION);
    assert.deepEqual(
      readSessions(folder.path).map(({ pid }) => pid),
      [7],
    );
  });

  it("names the other local stacks of the project that run when it opens", () => {
    assert.equal(open().note, undefined);
    write();
    assert.equal(open().note, undefined, "its own file");
    writeOther(7);
    writeOther(ENDED);
    assert.match(open().note!, /^Other local stacks of this project run at http:\/\/other\.7 \(process 7\)\. /);
    assert.equal(existsSync(sessionFile(folder.path, ENDED)), false);
  });

  it("is not in a file that is not readable or not of this version", async () => {
    write();
    const file = sessionFile(folder.path);
    const { startedAt: _, ...other } = readSessions(folder.path)[0]!;
    for (const text of ["", "{", "null", JSON.stringify(other), JSON.stringify({ ...other, v: 2, startedAt: 1 })]) {
      writeFileSync(file, text);
      assert.equal(await find(), undefined, text);
    }
    assert.deepEqual(notes, []);
  });
});

describe("the resources of a session", () => {
  const urn = (name: string) => `urn:pulumi:local::sample::${COMPONENT_TYPE}::${name}`;
  const resource = (type: string, name: string, outputs: object, secretOutputs: string[] = []) => ({
    ...{ urn: urn(name), type, name, outputs: outputs as Record<string, unknown>, secretOutputs },
    ...{ id: name, digests: {}, modelled: true, retainOnDelete: false },
  });
  const fn = "aws:lambda/function:Function";

  it("contain no secret, no code and no environment of a processor", () => {
    const found = sessionResources([
      resource("aws:secretsmanager/secretVersion:SecretVersion", "v", { secretString: "s" }),
      resource(fn, "prices-event-processor", { name: "p", code: "c", environment: { variables: { KEY: "s" } } }),
      resource(fn, "prices-connection-manager", { name: "m", environment: {}, kms: "s" }, ["kms"]),
    ]);
    assert.deepEqual(
      found.map(({ outputs }) => outputs),
      [{ name: "p" }, { name: "m", environment: {} }],
    );
  });

  it("name the instances when the stack has several", () => {
    const several = sessionResources(
      ["a", "b"].map((name) => resource(COMPONENT_TYPE, name, { apiUrl: `http://${name}` })),
    );
    assert.deepEqual(instanceOutputs(several, "b"), { apiUrl: "http://b" });
    assert.throws(() => instanceOutputs(several), /found: a, b\. Name one with --instance/);
    assert.throws(() => instanceOutputs(several, "c"), /a StreamIngestion "c"/);
  });
});
