import type { Cloud } from "../cloud/cloud";
import type { ResourceHandler } from "../resources/resource-handler";
import { apigateway } from "./apigateway/apigateway";
import { appautoscaling } from "./appautoscaling/appautoscaling";
import { cloudwatch } from "./cloudwatch/cloudwatch";
import { dynamodb } from "./dynamodb/dynamodb";
import { ec2 } from "./ec2/ec2";
import { iam } from "./iam/iam";
import { lambda } from "./lambda/lambda";
import { logs } from "./logs/logs";
import { s3 } from "./s3/s3";
import { scheduler } from "./scheduler/scheduler";
import { secretsmanager } from "./secretsmanager/secretsmanager";
import type { ProviderFunction, Service } from "./service";
import { sqs } from "./sqs/sqs";
import { sts } from "./sts/sts";

/** Every service of the local cloud. A service can use those before it. They open in this order and stop in reverse. */
export const SERVICES = [
  sts,
  ec2,
  iam,
  logs,
  cloudwatch,
  s3,
  sqs,
  secretsmanager,
  dynamodb,
  appautoscaling,
  lambda,
  apigateway,
  scheduler,
] as const;

/** The local cloud with the models of its services. */
export type LocalCloud = Cloud & Models<typeof SERVICES>;

type Models<Services> = Services extends readonly [Service<infer Model, never>, ...infer Rest]
  ? Model & Models<Rest>
  : unknown;

/** By type token. */
export type ResourceHandlers = ReadonlyMap<string, ResourceHandler<LocalCloud>>;

/** Handlers of all supported resource types. */
export const resourceHandlers: ResourceHandlers = new Map(
  SERVICES.flatMap(({ resources }) => Object.entries<ResourceHandler<LocalCloud>>(resources)),
);

/** All supported provider functions. */
export const providerFunctions: ReadonlyMap<string, ProviderFunction<LocalCloud>> = new Map(
  SERVICES.flatMap(({ functions = {} }) => Object.entries<ProviderFunction<LocalCloud>>(functions)),
);
