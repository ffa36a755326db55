import type { ProcessorArgs } from "../../components";

/** A processor that uses a package as its documentation shows, and what its handler returns. */
export interface MatrixCase {
  readonly name: string;
  /** TypeScript, or JavaScript as CommonJS. */
  readonly code: string;
  readonly kind?: "ts" | "cjs";
  readonly answer: unknown;
  readonly processor?: Pick<ProcessorArgs, "bundle" | "install" | "externals" | "copy">;
}

/** `body` is what the handler does, with `await`. */
const imports = (name: string, head: string, body: string, answer: unknown, processor = {}): MatrixCase => ({
  name,
  code: `${head};\nexport const handler = async () => { ${body} };\n`,
  answer,
  processor,
});

const requires = (name: string, head: string, body: string, answer: unknown): MatrixCase => ({
  name: `${name} (require)`,
  code: `${head};\nexports.handler = async () => { ${body} };\n`,
  kind: "cjs",
  answer,
});

const UTC = "2026-11-26T12:00:00.000Z";

export const CASES: readonly MatrixCase[] = [
  imports("axios", 'import axios from "axios"', 'return axios.getUri({ url: "/a", params: { b: 1 } })', "/a?b=1"),
  requires("axios", 'const axios = require("axios")', 'return axios.getUri({ url: "/a", params: { b: 1 } })', "/a?b=1"),
  imports(
    "node-fetch",
    'import fetch, { Headers } from "node-fetch"',
    'return [typeof fetch, new Headers({ a: "b" }).get("a")]',
    ["function", "b"],
  ),
  requires("node-fetch", 'const fetch = require("node-fetch")', "return typeof fetch", "function"),
  imports("got", 'import got from "got"', "return typeof got.extend({}).get", "function"),
  imports("ky", 'import ky from "ky"', "return typeof ky.create({}).post", "function"),
  imports("lodash", 'import _ from "lodash"', "return _.chunk([1, 2, 3], 2)", [[1, 2], [3]]),
  requires("lodash", 'const { chunk } = require("lodash")', "return chunk([1, 2, 3], 2)", [[1, 2], [3]]),
  imports("ramda", 'import * as R from "ramda"', "return R.pipe(R.add(1), R.multiply(2))(3)", 8),
  imports(
    "date-fns",
    'import { addDays, formatISO } from "date-fns"',
    `return addDays(new Date("${UTC}"), 1).toISOString()`,
    "2026-11-27T12:00:00.000Z",
  ),
  imports(
    "dayjs",
    'import dayjs from "dayjs"; import utc from "dayjs/plugin/utc"; dayjs.extend(utc)',
    `return dayjs.utc("${UTC}").format("YYYY")`,
    "2026",
  ),
  imports(
    "luxon",
    'import { DateTime } from "luxon"',
    `return DateTime.fromISO("${UTC}", { zone: "Europe/Berlin" }).hour`,
    13,
  ),
  imports(
    "moment-timezone",
    'import moment from "moment-timezone"',
    `return moment.tz("${UTC}", "Asia/Tokyo").format("HH")`,
    "21",
  ),
  imports("zod", 'import { z } from "zod"', "return z.object({ bid: z.number() }).safeParse({ bid: 1 }).success", true),
  imports(
    "joi",
    'import Joi from "joi"',
    "return Joi.object({ bid: Joi.number() }).validate({ bid: 'x' }).error?.name",
    "ValidationError",
  ),
  imports("ajv", 'import Ajv from "ajv"', 'return new Ajv().compile({ type: "object", required: ["a"] })({})', false),
  imports(
    "yup",
    'import * as yup from "yup"',
    "return yup.object({ a: yup.number().required() }).isValid({ a: 1 })",
    true,
  ),
  imports(
    "pg",
    'import { Pool, types } from "pg"',
    "const pool = new Pool(); await pool.end(); return pool.ended",
    true,
  ),
  requires("pg", 'const pg = require("pg")', "return typeof pg.Client", "function"),
  imports("mysql2", 'import mysql from "mysql2/promise"', 'return mysql.format("a = ?", ["b"])', "a = 'b'"),
  imports(
    "mongodb",
    'import { MongoClient, ObjectId } from "mongodb"',
    'new MongoClient("mongodb://127.0.0.1"); return ObjectId.isValid("0".repeat(24))',
    true,
    { install: ["snappy"] },
  ),
  imports(
    "mongoose",
    'import mongoose, { Schema } from "mongoose"',
    'const M = mongoose.model("M", new Schema({ a: Number })); return new M({ a: "1" }).a',
    1,
    { install: ["snappy"] },
  ),
  imports(
    "ioredis",
    'import Redis from "ioredis"',
    "const redis = new Redis({ lazyConnect: true }); redis.disconnect(); return redis.status",
    "end",
  ),
  imports("redis", 'import { createClient } from "redis"', "return createClient().isOpen", false),
  imports(
    "@aws-sdk/lib-dynamodb",
    'import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb"',
    'DynamoDBDocumentClient.from(new DynamoDBClient({})); return new PutCommand({ TableName: "t", Item: {} }).input.TableName',
    "t",
  ),
  imports(
    "@aws-sdk/client-sqs",
    'import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs"',
    "return (await new SQSClient({}).send(new ListQueuesCommand({})).catch((error) => error)).name !== 'TypeError'",
    true,
  ),
  imports(
    "@aws-lambda-powertools/logger",
    'import { Logger } from "@aws-lambda-powertools/logger"',
    'return new Logger({ serviceName: "s" }).getLevelName()',
    "INFO",
  ),
  {
    name: "@middy/core",
    code: 'import middy from "@middy/core";\nexport const handler = middy().handler(async () => "through middy");\n',
    answer: "through middy",
  },
  imports(
    "winston",
    'import winston from "winston"',
    "return winston.createLogger({ transports: [new winston.transports.Console()] }).isInfoEnabled()",
    true,
  ),
  imports(
    "pino",
    'import pino from "pino"',
    "const lines: string[] = []; pino({ base: null, timestamp: false }, { write: (line) => void lines.push(line) }).info('a'); return JSON.parse(lines[0]!)",
    { level: 30, msg: "a" },
  ),
  imports(
    "knex",
    'import knex from "knex"',
    'return knex({ client: "pg" })("prices").where({ a: 1 }).toString()',
    `select * from "prices" where "a" = 1`,
    {
      externals: ["better-sqlite3", "sqlite3", "tedious", "oracledb", "mysql", "pg-query-stream", "libsql", "mariadb"],
    },
  ),
  {
    name: "typeorm with decorator metadata",
    code: `import "reflect-metadata";
      import { Column, Entity, PrimaryColumn, getMetadataArgsStorage } from "typeorm";
      @Entity() class Price { @PrimaryColumn() key!: string; @Column() bid!: number; @Column() at!: Date; }
      export const handler = async () => getMetadataArgsStorage().columns
        .filter(({ target }) => target === Price).map(({ propertyName, options }) => [propertyName, (options.type as Function).name]);`,
    answer: [
      ["key", "String"],
      ["bid", "Number"],
      ["at", "Date"],
    ],
  },
  {
    name: "@nestjs/core with injection",
    code: `import "reflect-metadata";
      import { Injectable, Module } from "@nestjs/common";
      import { NestFactory } from "@nestjs/core";
      @Injectable() class Rates { get() { return 1.5; } }
      @Injectable() class Prices { constructor(private readonly rates: Rates) {} bid() { return this.rates.get() * 2; } }
      @Module({ providers: [Rates, Prices] }) class App {}
      export const handler = async () => (await NestFactory.createApplicationContext(App, { logger: false })).get(Prices).bid();`,
    answer: 3,
    processor: {
      externals: ["@nestjs/microservices", "@nestjs/websockets", "@nestjs/platform-express"],
    },
  },
  {
    name: "class-validator with class-transformer",
    code: `import "reflect-metadata";
      import { plainToInstance, Type } from "class-transformer";
      import { IsNumber, validateSync } from "class-validator";
      class Price { @IsNumber() @Type(() => Number) bid!: number; }
      export const handler = async () => [validateSync(plainToInstance(Price, { bid: "1" })).length, validateSync(plainToInstance(Price, { bid: "x" })).length];`,
    answer: [0, 1],
  },
  {
    name: "inversify",
    code: `import "reflect-metadata";
      import { Container, injectable } from "inversify";
      @injectable() class Rates { get() { return 2; } }
      @injectable() class Prices { constructor(private readonly rates: Rates) {} bid() { return this.rates.get(); } }
      const container = new Container(); container.bind(Rates).toSelf(); container.bind(Prices).toSelf();
      export const handler = async () => container.get(Prices).bid();`,
    answer: 2,
  },
  imports(
    "drizzle-orm",
    'import { pgTable, integer } from "drizzle-orm/pg-core"; import { getTableName } from "drizzle-orm"',
    'return getTableName(pgTable("prices", { bid: integer() }))',
    "prices",
  ),
  imports(
    "@opentelemetry/sdk-trace-node",
    'import { trace } from "@opentelemetry/api"; import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node"',
    'new NodeTracerProvider().register(); const span = trace.getTracer("t").startSpan("s"); span.end(); return span.spanContext().traceId.length',
    32,
  ),
  imports(
    "@sentry/node",
    'import * as Sentry from "@sentry/node"',
    'Sentry.init({}); return typeof Sentry.captureException(new Error("x"))',
    "string",
  ),
  imports("stripe", 'import Stripe from "stripe"', 'return typeof new Stripe("key").charges.create', "function"),
  imports(
    "openai",
    'import OpenAI from "openai"',
    'return new OpenAI({ apiKey: "k" }).baseURL',
    "https://api.openai.com/v1",
  ),
  imports(
    "kafkajs",
    'import { Kafka } from "kafkajs"',
    'return typeof new Kafka({ brokers: ["a:9092"] }).producer().send',
    "function",
  ),
  imports("amqplib", 'import amqp from "amqplib"', "return typeof amqp.connect", "function"),
  imports(
    "protobufjs",
    'import protobuf from "protobufjs"',
    'const { root } = protobuf.parse("syntax = \\"proto3\\"; message P { int32 bid = 1; }"); const P = root.lookupType("P"); return [...P.encode({ bid: 5 }).finish()]',
    [8, 5],
  ),
  imports("@grpc/grpc-js", 'import * as grpc from "@grpc/grpc-js"', "return grpc.status.UNAVAILABLE", 14),
  imports("avsc", 'import avro from "avsc"', 'return [...avro.Type.forSchema("int").toBuffer(1)]', [2]),
  imports("msgpackr", 'import { pack, unpack } from "msgpackr"', "return unpack(pack({ a: 1 }))", { a: 1 }),
  imports("uuid", 'import { v4, validate } from "uuid"', "return validate(v4())", true),
  imports("nanoid", 'import { nanoid } from "nanoid"', "return nanoid().length", 21),
  imports(
    "jsonwebtoken",
    'import jwt from "jsonwebtoken"',
    'return (jwt.verify(jwt.sign({ a: 1 }, "s"), "s") as { a: number }).a',
    1,
  ),
  imports("jose", 'import { base64url } from "jose"', 'return base64url.encode("a")', "YQ"),
  imports("cheerio", 'import * as cheerio from "cheerio"', 'return cheerio.load("<b>x</b>")("b").text()', "x"),
  imports(
    "jsdom, installed",
    'import { JSDOM } from "jsdom"',
    'return new JSDOM("<b>x</b>").window.document.querySelector("b")!.textContent',
    "x",
    { install: ["jsdom"] },
  ),
  imports(
    "sharp, installed",
    'import sharp from "sharp"',
    'return (await sharp({ create: { width: 2, height: 3, channels: 3, background: "red" } }).png().toBuffer({ resolveWithObject: true })).info.height',
    3,
    { install: ["sharp"] },
  ),
  imports(
    "snappy, installed",
    'import { compressSync, uncompressSync } from "snappy"',
    'return uncompressSync(compressSync("abc"), { asBuffer: false })',
    "abc",
    { install: ["snappy"] },
  ),
  imports("handlebars", 'import Handlebars from "handlebars"', 'return Handlebars.compile("{{a}}")({ a: 1 })', "1"),
  imports("csv-parse", 'import { parse } from "csv-parse/sync"', 'return parse("a,b")', [["a", "b"]]),
  imports(
    "fast-xml-parser",
    'import { XMLParser } from "fast-xml-parser"',
    'return new XMLParser().parse("<a>1</a>")',
    { a: 1 },
  ),
  imports("xml2js", 'import { parseStringPromise } from "xml2js"', 'return parseStringPromise("<a>1</a>")', { a: "1" }),
  imports(
    "rxjs",
    'import { firstValueFrom, of, toArray } from "rxjs"',
    "return firstValueFrom(of(1, 2).pipe(toArray()))",
    [1, 2],
  ),
  imports("effect", 'import { Effect } from "effect"', "return Effect.runPromise(Effect.succeed(1))", 1),
  imports("decimal.js", 'import Decimal from "decimal.js"', "return new Decimal(0.1).plus(0.2).toString()", "0.3"),
  imports("mathjs", 'import { evaluate } from "mathjs"', 'return evaluate("sqrt(16)")', 4),
  imports(
    "iconv-lite",
    'import iconv from "iconv-lite"',
    'return iconv.decode(Buffer.from([0x93, 0xfa]), "shift_jis")',
    "日",
  ),
  imports("js-yaml", 'import * as yaml from "js-yaml"', 'return yaml.load("a: 1")', { a: 1 }),
  imports("ws", 'import { WebSocket, WebSocketServer } from "ws"', "return [WebSocket.OPEN, typeof WebSocketServer]", [
    1,
    "function",
  ]),
  imports(
    "google-auth-library",
    'import { GoogleAuth } from "google-auth-library"',
    "return typeof new GoogleAuth().getClient",
    "function",
  ),
  imports(
    "@elastic/elasticsearch",
    'import { Client } from "@elastic/elasticsearch"',
    'return typeof new Client({ node: "http://127.0.0.1:9200" }).bulk',
    "function",
  ),
  imports(
    "graphql",
    'import { buildSchema, graphqlSync } from "graphql"',
    'return graphqlSync({ schema: buildSchema("type Query { a: Int }"), source: "{ a }", rootValue: { a: 1 } }).data?.a',
    1,
  ),
  imports("twilio", 'import twilio from "twilio"', 'return typeof twilio("ACxx", "t").messages.create', "function"),
];
