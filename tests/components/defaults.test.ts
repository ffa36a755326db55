import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { ALARMS } from "../../components/alarm-list";
import { normalise } from "../../components/normalise";
import { requiredArgs } from "./arguments";

const FILE = resolve(__dirname, "../../components/args.ts");

/** The documented default of each argument, such as `ProcessorArgs.batchSize`. */
function documentedDefaults(): Record<string, string> {
  const source = ts.createSourceFile(FILE, readFileSync(FILE, "utf8"), ts.ScriptTarget.ES2022, true);
  const found: Record<string, string> = {};
  for (const declaration of source.statements.filter(ts.isInterfaceDeclaration))
    for (const member of declaration.members) {
      const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === "default");
      const text = tag && ts.getTextOfJSDocComment(tag.comment);
      if (text)
        found[`${declaration.name.text}.${member.name?.getText()}`] = text.replace(/\s*[:(].*$/, (rest) =>
          text.startsWith("{") ? rest : "",
        );
    }
  return found;
}

function clientAuth(): unknown {
  const { source } = requiredArgs();
  const oauth2 = { tokenUrl: "https://login.example/token", clientId: "relay" };
  const { auth } = normalise("in", requiredArgs({ source: { ...source, auth: { kind: "oauth2" }, oauth2 } })).settings
    .source;
  return auth.kind === "oauth2" && auth.clientAuth;
}

const provisioned = () =>
  normalise("in", requiredArgs({ events: { billing: { mode: "provisioned" } } })).capacity.provisioned;
const packs = () => normalise("in", requiredArgs({ events: { storage: "packed" } })).settings.events.pack;

describe("the defaults of the arguments", () => {
  it("are the documented ones", () => {
    const { settings, processor, ...rest } = normalise("in", requiredArgs());
    // One alarm exists only with `events.sequence`.
    const { alarms } = normalise("in", requiredArgs({ events: { sequence: "/n" } }));
    const code: Record<string, unknown> = {
      "AuthArgs.kind": settings.source.auth.kind,
      "ResumeArgs.kind": settings.source.resume.kind,
      "SourceArgs.format": settings.source.format,
      "SourceArgs.auth": settings.source.auth,
      "SourceArgs.resume": settings.source.resume,
      "ResumeArgs.skipIgnored": settings.source.resume.skipIgnored ?? false,
      "OAuth2Args.clientAuth": clientAuth(),
      "SourceArgs.method": settings.source.method ?? "GET",
      "SourceArgs.http2": settings.source.http2 ?? false,
      "SourceArgs.compression": settings.source.compression ?? false,
      "SourceArgs.allowInsecureHttp": settings.source.allowInsecureHttp ?? false,
      "SourceArgs.on": settings.source.on,
      "SourceArgs.end": settings.source.end,
      "WebSocketArgs.subprotocols": settings.source.webSocket.subprotocols,
      "WebSocketArgs.messages": [],
      "WebSocketArgs.pingIntervalSeconds": settings.source.webSocket.ping.intervalMs / 1000,
      "WebSocketArgs.compression": settings.source.webSocket.compression,
      "SourceArgs.idleTimeoutSeconds": settings.source.idleTimeoutMs / 1000,
      "ProcessorArgs.memorySize": processor.memorySize,
      "ProcessorArgs.timeoutSeconds": processor.timeoutSeconds,
      "ProcessorArgs.batchSize": processor.batchSize,
      "ProcessorArgs.parallelizationFactor": processor.parallelizationFactor,
      "ProcessorArgs.maximumBatchingWindowSeconds": processor.maximumBatchingWindowSeconds,
      "ProcessorArgs.externals": processor.bundle.externals,
      "ProcessorArgs.handler": processor.handler,
      "ProcessorArgs.runtime": processor.runtime,
      "ProcessorArgs.architecture": processor.architecture,
      "ProcessorArgs.install": processor.install,
      "ProcessorArgs.copy": processor.copy,
      "BundleArgs.loader": processor.bundle.loader,
      "BundleArgs.define": processor.bundle.define,
      "BundleArgs.alias": processor.bundle.alias,
      "BundleArgs.banner": processor.bundle.banner,
      "BundleArgs.minify": processor.bundle.minify,
      "BundleArgs.mainFields": processor.bundle.mainFields,
      "BundleArgs.conditions": processor.bundle.conditions,
      "BundleArgs.logOverride": processor.bundle.logOverride,
      "RelayArgs.handover": settings.relay.handover,
      "RelayArgs.memorySize": rest.relayMemorySize,
      "RelayArgs.streamsPerHop": settings.relay.streamsPerHop,
      "IdentityArgs.kind": settings.events.identity.kind,
      "EventsArgs.identity": settings.events.identity,
      "EventsArgs.ttlDays": settings.events.ttlDays,
      "EventsArgs.maxEventBytes": settings.events.maxEventBytes,
      "EventsArgs.countRepeats": rest.countRepeats,
      "EventsArgs.slices": settings.events.slices,
      "EventsArgs.billing": { mode: rest.capacity.provisioned === undefined ? "on-demand" : "provisioned" },
      "EventsBillingArgs.mode": rest.capacity.provisioned === undefined ? "on-demand" : "provisioned",
      "EventsBillingArgs.minWriteUnits": provisioned()?.write.min,
      "EventsBillingArgs.maxWriteUnits": provisioned()?.write.max,
      "EventsBillingArgs.minReadUnits": provisioned()?.read.min,
      "EventsBillingArgs.maxReadUnits": provisioned()?.read.max,
      "EventsBillingArgs.utilization": provisioned()?.utilization,
      "EventsArgs.storage": settings.events.storage ?? "each",
      "EventsArgs.packBytes": packs()?.bytes,
      "EventsArgs.lingerMs": packs()?.lingerMs,
      "ApiArgs.authorization": rest.authorization,
      "StreamIngestionArgs.streams": rest.streams,
      "StreamIngestionArgs.removal": rest.retain ? "retain" : "delete",
      "NetworkArgs.fixedEgress": false,
      "NetworkArgs.functions": "relay",
      "RelayArgs.recursion": rest.recursion,
      "ApiArgs.accessLogs": rest.accessLogs,
      "AlarmArgs.enabled": alarms.size === Object.keys(ALARMS).length,
      ...Object.fromEntries(
        [...alarms].map(([name, { threshold, periodSeconds, evaluationPeriods }]) => [
          `AlarmsArgs.${name}`,
          { threshold, periodSeconds, evaluationPeriods },
        ]),
      ),
      "StreamIngestionArgs.manageBucket": rest.manageBucket,
      "AccountArgs.logRetentionDays": rest.account.logRetentionDays,
      "AccountArgs.tracing": rest.account.tracing,
      "AccountArgs.deletionProtection": rest.account.deletionProtection,
    };
    // These defaults are described in words, so there is no value to compare.
    const inWords = [
      "BundleArgs.format",
      "CopyArgs.to",
      "RelayArgs.reservedConcurrency",
      "ApiArgs.allowedCidrs",
      "WebSocketArgs.pingMessage",
      "StreamIngestionArgs.network",
      "ApiArgs.privateApi",
      "AccountArgs.kmsKeyArn",
      "AccountArgs.permissionsBoundary",
      "AccountArgs.rolePath",
      "AccountArgs.extraStatements",
      "ExtraStatementsArgs.connectionManager",
      "ExtraStatementsArgs.connectionApi",
      "ExtraStatementsArgs.watchdog",
      "ConnectionsArgs.table",
      "EventsArgs.table",
      "EventsArgs.warmThroughput",
      "StreamIngestionArgs.bucket",
      "StreamIngestionArgs.deploymentName",
      "SourceArgs.secretArn",
    ];
    const documented = Object.entries(documentedDefaults()).filter(([name]) => !inWords.includes(name));
    const written = Object.fromEntries(
      documented.map(([name, text]) => [name, text.replaceAll(/(\w+): /g, '"$1":').replaceAll(" ", "")]),
    );
    const expected = Object.fromEntries(Object.entries(code).map(([name, value]) => [name, JSON.stringify(value)]));
    assert.deepEqual(written, expected);
  });
});
