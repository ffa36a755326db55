import { createHash } from "node:crypto";

/** The bundled page: one script, one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

export interface PageHtml {
  readonly html: string;
  /** Allows this script and style, connections to the server that sent it, and nothing else. */
  readonly contentSecurityPolicy: string;
}

/** The console's page as one file. The script mounts the page in the element `app`. */
export function pageHtml(assets: PageAssets): PageHtml {
  // Inside a string or a regular expression, `<\/` is the same text; elsewhere, no script contains it.
  const script = assets.script.replaceAll(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--");
  const { style } = assets;
  if (/<\/style/i.test(style)) throw new Error("Expected the console's style sheet to contain no end tag of a style.");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>StreamIngestion console</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<script>${script}</script>
</body>
</html>
`;
  const contentSecurityPolicy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, contentSecurityPolicy };
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
