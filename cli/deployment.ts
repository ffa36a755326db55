import { findSession } from "./session/find-session";
import { regionOfHost } from "./sign";
import { output, type StackChoice, type StackOutputs, stackOutputs } from "./stack-outputs";
import { CliError } from "./terminal";

/** What every operating command accepts to find the deployment. */
export interface DeploymentOptions extends StackChoice {
  readonly region?: string;
  readonly apiUrl?: string;
  /** Name of the `StreamIngestion`, if the local stack has several. */
  readonly instance?: string;
}

/** The names and the region of a deployment, from the options or the stack outputs. The outputs are read once, and only if needed. */
export interface Deployment {
  /** @param value value of the option, if set. @param option the option that replaces the output, for the error */
  name(value: string | undefined, name: keyof StackOutputs, option: string): Promise<string>;
  /**
   * `--region`; otherwise the region in the API's URL or in `arn`; otherwise that of the stack. Undefined: the AWS SDK uses
   * AWS_REGION or the profile.
   */
  region(arn?: string): Promise<string | undefined>;
}

/** The outputs of the running local stack, otherwise of the Pulumi stack. */
async function localOrStackOutputs(options: DeploymentOptions): Promise<StackOutputs> {
  const session = await findSession(options);
  if (session?.resources === undefined) return stackOutputs({ stack: session?.stack, ...options });
  const { instanceOutputs } = await import("./session/session-resources");
  return instanceOutputs(session.resources, options.instance);
}

export function deploymentOf(options: DeploymentOptions, read = localOrStackOutputs): Deployment {
  let reading: Promise<StackOutputs> | undefined;
  const outputs = () => {
    reading ??= read(options);
    return reading;
  };
  return {
    async name(value, name, option) {
      // A shell variable that is not set would otherwise select another deployment.
      if (value === "") throw new CliError(`Expected a value for ${option}, got an empty one.`, "OPTION_INVALID");
      return value ?? output(await outputs(), name, option);
    },
    async region(arn) {
      const named = options.region ?? regionOfUrl(options.apiUrl) ?? regionOfArn(arn);
      // Options can name everything without a stack, so the selected stack is not read for the region alone.
      const isChosen = options.stack !== undefined || options.program !== undefined;
      if (named !== undefined || (reading === undefined && !isChosen)) return named;
      const { apiUrl, processorArn } = await outputs();
      return regionOfUrl(apiUrl) ?? regionOfArn(processorArn);
    },
  };
}

function regionOfUrl(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? regionOfHost(new URL(url).hostname) : undefined;
}

/** `arn:aws:lambda:REGION:…` */
function regionOfArn(arn: string | undefined): string | undefined {
  return arn?.startsWith("arn:") ? arn.split(":")[3] || undefined : undefined;
}
