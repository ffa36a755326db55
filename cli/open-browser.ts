import { spawn } from "node:child_process";

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Opens a link in the user's browser. @param onError receives a sentence when there is none */
export function openBrowser(url: string, onError: (sentence: string) => void): void {
  const [file, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(file!, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => onError(`No browser could be started with ${file}. Open the link yourself.`));
  child.unref();
}
