import assert from "node:assert/strict";
import { startVerifiedDeployment, type VerifiedDeployment } from "./verified-deployment";

const CHECK = /everything a second connection received is stored/;

describe("verify with a second connection, against the local stack", () => {
  let deployed: VerifiedDeployment;
  before(async () => {
    deployed = await startVerifiedDeployment(12);
  });
  after(() => deployed?.close());

  it("passes when nothing is lost, and ignores heartbeats", async () => {
    const { code, failing, lines, stderr } = await deployed.verify("EUR_USD");
    assert.deepEqual(failing, [], stderr);
    const [, received] = /(\d+) received, 0 missing/.exec(lines.find((line) => CHECK.test(line)) ?? "") ?? [];
    assert.ok(Number(received) > 40, `${received} received`);
    assert.equal(code, 0, stderr);
  });

  it("finds the one event that the relay did not receive and no counter shows", async () => {
    deployed.upstream.withholding = true;
    try {
      const { code, failing, stderr } = await deployed.verify("GBP_USD");
      assert.equal(failing.length, 1, stderr);
      assert.match(failing[0] ?? "", CHECK);
      assert.match(
        failing[0] ?? "",
        new RegExp(`✘ .* 1 of \\d+ missing.*, the first: \\S{22} {"seq":${deployed.upstream.withheld}}$`),
      );
      assert.match(stderr, /1 of 15 checks failed\./);
      assert.equal(code, 1);
    } finally {
      deployed.upstream.withholding = false;
    }
  });

  it("stops the stream on Ctrl-C, also when it is pressed twice, and names what stays in the account", async () => {
    const { code, stdout, stderr } = await deployed.interrupt("AUD_USD", "waiting for the handover");
    assert.equal(code, 1, stderr);
    assert.equal(await deployed.desired("AUD_USD"), "closed");
    assert.match(stderr, /The check was interrupted\. Stream AUD_USD is stopped\. Its row stays in \S+/);
    assert.equal(stdout, "");
  });

  it("fails with advice when the upstream refuses the connection, and shows no part of the URL", async () => {
    const { code, failing, stdout, stderr } = await deployed.verify("USD_JPY", "another-key");
    assert.equal(failing.length, 1, stderr);
    assert.match(
      failing[0] ?? "",
      /✘ .* it could not connect: the upstream answered 401\. Check that STREAM_INGESTION_VERIFY_KEY is set/,
    );
    assert.doesNotMatch(stdout + stderr, /of-the-check|another-key|\/v1\//);
    assert.equal(code, 1);
  });
});
