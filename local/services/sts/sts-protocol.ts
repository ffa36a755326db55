import type { Protocol } from "../../cloud/protocol";
import { unsupported } from "../../cloud/unsupported";
import { failAsQuery } from "../../cloud/xml";

/** STS's query protocol: GetCallerIdentity, which needs no permission. */
export function stsProtocol(accountId: string): Protocol {
  return {
    open({ body }) {
      const operation = new URLSearchParams(body.toString()).get("Action") ?? "a request without an Action";
      if (operation !== "GetCallerIdentity") throw unsupported("STS", operation);
      return {
        permissions: [],
        run: async ({ arn, name }) => ({
          status: 200,
          headers: { "content-type": "text/xml" },
          body:
            `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn>` +
            `<UserId>${name}</UserId><Account>${accountId}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
        }),
      };
    },
    fail: failAsQuery,
  };
}
