import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSession } from "../../../cli/session/find-session";
import { openSession, readSession, type Session, sessionFile } from "../../../cli/session/session-file";
import { instanceOutputs, sessionResources } from "../../../cli/session/session-resources";
import { COMPONENT_TYPE } from "../../../runtime/contract";
import { programFolder } from "../../local/evaluate/program-folder";

const operator = { accessKeyId: "AK", secretAccessKey: "SK" };
const SESSION = { stack: "local", endpoint: "http://127.0.0.1:1", region: "us-east-1", operator, resources: [] };
const ENDED = 2 ** 30;
/** Every process runs, except {@link ENDED}. */
const isAlive = (pid: number) => pid !== ENDED;

describe("the session of a local stack", () => {
  let folder: ReturnType<typeof programFolder>;
  let notes: string[];
  let env: NodeJS.ProcessEnv;
  const find = (options: object = {}): Promise<Session | undefined> =>
    findSession({ program: folder.path, ...options }, (note) => notes.push(note), env);

  const write = (session = SESSION) => openSession(folder.path, isAlive).write(session);

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
    assert.deepEqual(found, { v: 1, pid: process.pid, ...SESSION });
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
    write({ ...SESSION, pid: ENDED } as typeof SESSION);
    assert.equal(await find(), undefined);
    assert.match(notes.join(), new RegExp(`has ended \\(process ${ENDED} does not run\\)`));
    assert.equal(env.AWS_PROFILE, "production");
    assert.equal(existsSync(sessionFile(folder.path)), false);
  });

  it("is in a file that only its owner can read and that git ignores", () => {
    write();
    assert.equal(statSync(sessionFile(folder.path)).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(folder.path, ".stream-ingestion/.gitignore"), "utf8"), "*\n");
  });

  it("is removed by its process", () => {
    const session = openSession(folder.path, isAlive);
    session.write(SESSION);
    session.close();
    assert.equal(readSession(folder.path), undefined);
  });

  it("is that of the latest local stack of the project, and of the one before when that ends", () => {
    const OTHER = { ...SESSION, pid: 7, endpoint: "http://127.0.0.1:7" } as typeof SESSION;
    const first = openSession(folder.path, isAlive);
    first.write(OTHER);
    const second = openSession(folder.path, isAlive);
    assert.equal(second.other?.endpoint, "http://127.0.0.1:7");
    second.write(SESSION);
    const endpoint = () => readSession(folder.path)?.endpoint;
    assert.equal(endpoint(), SESSION.endpoint);
    second.close();
    assert.equal(endpoint(), "http://127.0.0.1:7");
  });

  it("is not replaced by an update of an earlier local stack, and is by one when the later one was killed", () => {
    const file = (pid: number) => writeFileSync(sessionFile(folder.path), JSON.stringify({ v: 1, ...SESSION, pid }));
    const session = openSession(folder.path, isAlive);
    session.write(SESSION);
    file(7);
    session.write(SESSION);
    session.close();
    assert.equal(readSession(folder.path)?.pid, 7);
    file(ENDED);
    session.write(SESSION);
    assert.equal(readSession(folder.path)?.pid, process.pid);
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
