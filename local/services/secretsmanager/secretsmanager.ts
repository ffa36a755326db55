import type { Service } from "../service";
import { secret, secretVersion } from "./resources";
import { createSecrets, type Secrets } from "./secrets";
import { secretsManagerProtocol } from "./secretsmanager-protocol";

export const secretsmanager: Service<{ readonly secrets: Secrets }> = {
  open({ dataDir }) {
    const secrets = createSecrets(dataDir);
    return { model: { secrets }, protocol: { signingName: "secretsmanager", ...secretsManagerProtocol(secrets) } };
  },
  resources: {
    "aws:secretsmanager/secret:Secret": secret,
    "aws:secretsmanager/secretVersion:SecretVersion": secretVersion,
  },
};
