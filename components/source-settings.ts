import type { AuthSettings, RelaySettings, ResumeSettings } from "../runtime/contract";
import {
  type AuthArgs,
  AuthKind,
  OAuth2ClientAuth,
  type ResumeArgs,
  ResumeKind,
  type SourceArgs,
  SourceEnd,
  SourceFormat,
  SourceMethod,
} from "./args";
import type { Keys } from "./argument-keys";
import { controlRules } from "./control-rules";
import { expect, expectThat, integer, oneOf, onlyKeys, pointer, text } from "./expect";
import { checkHeaderName } from "./header-name";
import { webSocketSettings } from "./web-socket";

const SOURCE_DEFAULTS = { idleTimeoutSeconds: 60 } as const;

const SOURCE_EXAMPLE = '{ url: "https://stream.example.com", path: "/v1/{streamId}", key }';
const SOURCE_KEYS: Keys<SourceArgs> = {
  url: true,
  path: true,
  secretArn: true,
  key: true,
  format: true,
  auth: true,
  headers: true,
  query: true,
  method: true,
  body: true,
  oauth2: true,
  tls: true,
  proxy: true,
  http2: true,
  compression: true,
  allowInsecureHttp: true,
  resume: true,
  idleTimeoutSeconds: true,
  on: true,
  end: true,
  webSocket: true,
  maxConnections: true,
};

/** Checks `source` and adds the defaults. @throws Error that names the argument, the value and what is allowed */
export function sourceSettings(source: SourceArgs): RelaySettings["source"] {
  onlyKeys("source", source, Object.keys(SOURCE_KEYS), SOURCE_EXAMPLE);
  const method = oneOf("source.method", SourceMethod, source.method ?? SourceMethod.get);
  if (method !== SourceMethod.get)
    expect(
      source.end !== undefined,
      "`source.end`",
      `"reconnect" (send the request again) or "complete" (the stream ends) with method ${method}`,
      source.end,
    );
  expect(
    source.body === undefined || method !== SourceMethod.get,
    "`source.method`",
    '"POST" or "PUT" with `source.body`',
    source.method,
  );
  checkTls(source);
  expect(!(source.http2 && source.proxy !== undefined), "`source.http2`", "false with `source.proxy`", source.http2);
  return {
    format: oneOf("source.format", SourceFormat, source.format ?? SourceFormat.auto),
    auth: authSettings(source),
    resume: resumeSettings(source.resume ?? {}),
    ...(method !== SourceMethod.get && { method }),
    ...flag("source.http2", source.http2, { http2: true }),
    ...flag("source.compression", source.compression, { compression: true }),
    ...flag("source.allowInsecureHttp", source.allowInsecureHttp, { allowInsecureHttp: true }),
    idleTimeoutMs:
      1000 *
      integer("source.idleTimeoutSeconds", source.idleTimeoutSeconds ?? SOURCE_DEFAULTS.idleTimeoutSeconds, 1, 840),
    on: controlRules(source.on ?? []),
    end: oneOf("source.end", SourceEnd, source.end ?? SourceEnd.reconnect),
    webSocket: webSocketSettings(source),
    ...(source.maxConnections !== undefined && {
      maxConnections: integer("source.maxConnections", source.maxConnections, 1, 10_000),
    }),
  };
}

function flag<T extends object>(argument: string, value: boolean | undefined, settings: T): T | object {
  expect(value === undefined || typeof value === "boolean", `\`${argument}\``, "true or false", value);
  return value === true ? settings : {};
}

const AUTH_EXAMPLE = '{ kind: "header", name: "X-Api-Key" }';

function authSettings({ auth = {}, oauth2, key, secretArn }: SourceArgs): AuthSettings {
  onlyKeys("source.auth", auth, ["kind", "name", "service", "region"], AUTH_EXAMPLE);
  const { kind = AuthKind.bearer, name, service, region }: AuthArgs = auth;
  oneOf("source.auth.kind", AuthKind, kind);
  expectThat(
    (oauth2 !== undefined) === (kind === AuthKind.oauth2) || (oauth2 === undefined && secretArn !== undefined),
    '`source.oauth2` with `source.auth.kind` "oauth2", and only with it',
    oauth2 === undefined ? "no `source.oauth2`" : `\`source.oauth2\` with "${kind}"`,
  );
  if (kind === AuthKind.header) return { kind, name: headerName("source.auth.name", name) };
  if (kind === AuthKind.query) return { kind, name: text("source.auth.name", name) };
  if (kind === AuthKind.awsSigV4)
    return {
      kind,
      service: text("source.auth.service", service),
      ...(region !== undefined && { region: text("source.auth.region", region) }),
    };
  if (kind === AuthKind.basic || kind === AuthKind.oauth2)
    expect(
      key !== undefined || secretArn !== undefined,
      "`source.key`",
      kind === AuthKind.basic
        ? '`user:password` with `source.auth.kind` "basic"'
        : 'the client\'s secret with `source.auth.kind` "oauth2"',
      key,
    );
  if (kind !== AuthKind.oauth2) return { kind };
  onlyKeys("source.oauth2", oauth2 ?? {}, ["tokenUrl", "clientId", "scope", "audience", "clientAuth"], OAUTH2_EXAMPLE);
  const { tokenUrl, clientId, scope, audience, clientAuth = OAuth2ClientAuth.basic } = oauth2 ?? {};
  if (secretArn === undefined) {
    expect(tokenUrl !== undefined, "`source.oauth2.tokenUrl`", "the URL of the token endpoint", tokenUrl);
    expect(clientId !== undefined, "`source.oauth2.clientId`", "the client id", clientId);
  }
  return {
    kind,
    clientAuth: oneOf("source.oauth2.clientAuth", OAuth2ClientAuth, clientAuth),
    ...(scope !== undefined && { scope: text("source.oauth2.scope", scope) }),
    ...(audience !== undefined && { audience: text("source.oauth2.audience", audience) }),
  };
}

const OAUTH2_EXAMPLE = '{ tokenUrl: "https://login.example.com/token", clientId: "relay", scope: "stream.read" }';
const RESUME_EXAMPLE = '{ kind: "query", name: "since", pointer: "/id" }';

function resumeSettings(resume: ResumeArgs): ResumeSettings {
  const keys = ["kind", "name", "pointer", "template", "types", "skipIgnored"];
  onlyKeys("source.resume", resume, keys, RESUME_EXAMPLE);
  const { kind = ResumeKind.lastEventId, name, template, types } = resume;
  oneOf("source.resume.kind", ResumeKind, kind);
  expect(
    template === undefined || (typeof template === "string" && template.includes("{position}")),
    "`source.resume.template`",
    "a string with {position}",
    template,
  );
  if (types !== undefined)
    expect(
      Array.isArray(types) && types.length > 0 && types.every((type) => typeof type === "string"),
      "`source.resume.types`",
      'a list of SSE types such as ["update"]',
      types,
    );
  const options = {
    ...((resume.pointer !== undefined || kind === ResumeKind.message) && {
      pointer: pointer("source.resume.pointer", resume.pointer),
    }),
    ...(template !== undefined && { template }),
    ...(types !== undefined && { types }),
    ...flag("source.resume.skipIgnored", resume.skipIgnored, { skipIgnored: true }),
  };
  if (kind === ResumeKind.header) return { kind, name: headerName("source.resume.name", name), ...options };
  if (kind === ResumeKind.query) return { kind, name: text("source.resume.name", name), ...options };
  return { kind, ...options };
}

function headerName(argument: string, name: string | undefined): string {
  const checked = text(argument, name);
  checkHeaderName(argument, checked);
  return checked;
}

function checkTls({ tls }: SourceArgs): void {
  if (tls === undefined) return;
  onlyKeys("source.tls", tls, ["ca", "cert", "key"], '{ ca: readFileSync("ca.pem", "utf8") }');
  expectThat(
    (tls.cert === undefined) === (tls.key === undefined),
    "`source.tls` to have both `cert` and `key`, or neither",
    tls.cert === undefined ? "only `key`" : "only `cert`",
  );
}
