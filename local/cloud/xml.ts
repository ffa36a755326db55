import type { AwsError } from "./aws-error";
import type { AwsResponse } from "./protocol";

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export const xmlDocument = (content: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${content}`;

/** Formats an error in the query protocol. */
export function failAsQuery({ code, status, message }: AwsError): AwsResponse {
  const type = status < 500 ? "Sender" : "Receiver";
  const error = `<Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message>`;
  return {
    status,
    headers: { "content-type": "text/xml" },
    body: `<ErrorResponse><Error>${error}</Error></ErrorResponse>`,
  };
}
