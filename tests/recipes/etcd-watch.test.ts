import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificate } from "../data/certificate";
import { freePort } from "../fakes/free-port";
import { startWriter } from "./event-writer";
import { useRecipe } from "./recipe";
import { INSTALLED, startServerProcess } from "./servers";

const KEYS = 5;

/** etcd, which requires a client certificate over https. The test itself writes over http. */
async function startEtcd() {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  const [secure, plain, peer] = [await freePort(), await freePort(), await freePort()];
  const { cert, key } = certificate();
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  const options = {
    "data-dir": join(folder, "data"),
    "listen-client-urls": `https://127.0.0.1:${secure},http://127.0.0.1:${plain}`,
    "advertise-client-urls": `http://127.0.0.1:${plain}`,
    "listen-peer-urls": `http://127.0.0.1:${peer}`,
    "cert-file": files.cert,
    "key-file": files.key,
    "trusted-ca-file": files.cert,
    "client-cert-auth": "true",
    logger: "zap",
  };
  const server = await startServerProcess({
    command: INSTALLED.etcd,
    args: Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ready: /serving client traffic securely","address":"([^"]+)"/,
  });
  const close = async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  };
  return { url: `https://127.0.0.1:${secure}`, plainUrl: `http://127.0.0.1:${plain}`, close };
}

/** The revision after a call of etcd's JSON API. @throws Error when it is refused */
async function revisionAfter(url: string, body: object): Promise<string> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${text}`);
  return (JSON.parse(text) as { header: { revision: string } }).header.revision;
}

interface WatchResponse {
  readonly result: { readonly events: readonly { readonly kv: { readonly mod_revision: string } }[] };
}

describe("the recipe etcd-watch, on the local stack against etcd", () => {
  const { cert, key } = certificate();
  const running = useRecipe(
    "etcd-watch",
    startEtcd,
    ({ url }) => ({
      secrets: { url, ca: cert, clientCertificate: cert, clientKey: key },
    }),
    "etcd",
  );
  const call = (path: string, body: object) => revisionAfter(`${running.upstream.plainUrl}/v3/kv/${path}`, body);

  /** Writes a key, and deletes it after some writes. Resolves to the revision of the write. */
  function write(prefix: string, n: number): Promise<string> {
    const key = Buffer.from(`${prefix}${n % KEYS}`).toString("base64");
    if (n > KEYS && n % 11 === 0) return call("deleterange", { key });
    return call("put", { key, value: Buffer.from(`value ${n}`).toString("base64") });
  }

  const storedRevisions = async () =>
    (await running.recipe.stored())
      .flatMap(({ data }) => (JSON.parse(String(data)) as WatchResponse).result.events)
      .map(({ kv }) => Number(kv.mod_revision));

  it("stores every revision through two handovers, and continues after its position is compacted", async () => {
    const { recipe } = running;
    const isOpen = async () => (await recipe.api.list()).some(({ status }) => status === "open");
    await recipe.until("a watch", isOpen);
    const first = startWriter((n) => write("/config/", n));
    await recipe.twoHandovers("overlap");
    await first.stop();

    const last = await write("/other/", 1);
    await call("compaction", { revision: last, physical: true });
    const refusals = () =>
      recipe.logs
        .filter((line) => line.includes("no longer knows the stored position"))
        .map((line) => JSON.parse(line));
    await recipe.until("the next watch to be refused", () => refusals().length > 0);
    const refusedAt = (refusals()[0] as { readonly time: string }).time;
    // The list can still show the refused watch.
    await recipe.until("the watch from now", async () =>
      (await recipe.api.list()).some(
        ({ status, connectedSince = "" }) => status === "open" && connectedSince > refusedAt,
      ),
    );
    const second = startWriter((n) => write("/config/", n));
    await recipe.until("revisions after it", () => second.written.length > KEYS);
    await second.stop();

    const expected = [...first.written, ...second.written].map(Number);
    await recipe.until("the last revision to be stored", async () =>
      (await storedRevisions()).includes(expected.at(-1)!),
    );
    await recipe.stop();
    const byNumber = (a: number, b: number) => a - b;
    assert.deepEqual([...new Set(await storedRevisions())].sort(byNumber), expected);
    const processed = recipe.logs.flatMap((line) => /"revision":"(\d+)"/.exec(line)?.[1] ?? []).map(Number);
    assert.deepEqual([...new Set(processed)].sort(byNumber), expected);
  });
});
