import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlePython } from "../../components/bundle/python";

const TARGET = { runtime: "python3.14", architecture: "arm64" } as const;

describe("a Python processor's code", () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "python-bundle-")));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function bundle(text: string, name = "processor.py", install: string[] = []) {
    const path = join(folder, name);
    writeFileSync(path, text);
    return bundlePython(path, install, TARGET, {});
  }

  const HANDLER = "def handler(event, context):\n    return None\n";

  it("contains the file and the decoder, and for Python 3.14 no installed package", async () => {
    const { archive, handler } = bundle(HANDLER, "prices.py");
    assert.equal(handler, "prices.handler");
    assert.deepEqual(Object.keys((await archive.assets) as object).sort(), [
      "prices.py",
      "stream_ingestion/__init__.py",
      "stream_ingestion/bucket.py",
      "stream_ingestion/event.py",
      "stream_ingestion/failure.py",
      "stream_ingestion/handler.py",
      "stream_ingestion/item.py",
      "stream_ingestion/pack.py",
    ]);
  });

  it("has a hash that depends only on the text", () => {
    assert.equal(bundle(HANDLER).hash, bundle(HANDLER).hash);
    assert.notEqual(bundle(HANDLER).hash, bundle(`${HANDLER}\n`).hash);
  });

  for (const text of [
    "@each_event\ndef handler(event, context): ...",
    "handler = each_event(print)",
    "handler: object = each_event(print)",
    "from lib import handler",
    "from lib import (\n    other,\n    handler,\n)",
  ])
    it(`accepts ${JSON.stringify(text)}`, () => {
      assert.ok(bundle(text).bytes > 0);
    });

  it("is rejected without a handler, and with a coroutine function as handler", () => {
    const path = join(folder, "processor.py");
    assert.throws(() => bundle("def handle(event, context): ..."), {
      message: `Expected ${path} to define \`handler\`. Example: "@each_event" above "def handler(event, context):".`,
    });
    assert.throws(() => bundle("async def handler(event, context): ..."), {
      message: `Expected \`handler\` of ${path} to be a plain function, got a coroutine function, which Lambda does not await. Call asyncio.run in a plain function.`,
    });
  });

  it("is rejected with a file name that Python cannot import or that the decoder uses", () => {
    for (const name of ["my-processor.py", "stream_ingestion.py"])
      assert.throws(() => bundle(HANDLER, name), {
        message: `Expected \`processor.entry\` to have a name that Python can import, such as processor.py, got "${name}".`,
      });
  });

  it("is rejected with a package without an exact version", () => {
    assert.throws(() => bundle(HANDLER, "processor.py", ["requests>=2"]), {
      message:
        'Expected `processor.install` to name each Python package with its version, such as requests==2.32.3, got "requests>=2".',
    });
  });

  it("is rejected when the file does not exist", () => {
    const path = join(folder, "missing.py");
    assert.throws(() => bundlePython(path, [], TARGET, {}), {
      message: `Expected \`processor.entry\` to be a file, but "${path}" does not exist. Tried ${path}.`,
    });
  });
});
