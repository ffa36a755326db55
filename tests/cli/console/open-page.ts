import { applyMessage, type Model } from "../../../cli/console/page/model";
import type { Command, CommandResult, Payload, ServerMessage } from "../../../cli/console/protocol";

/** A page of the console without a browser. */
export interface OpenPage {
  /** Resolves when what the page knows fulfils `is`. */
  until(is: (model: Model) => boolean): Promise<Model>;
  command(command: Command): Promise<CommandResult>;
  /** The whole payload of an event. */
  payload(event: string): Promise<Payload>;
  close(): void;
}

/** @param link as the terminal prints it */
export async function openPage(link: string): Promise<OpenPage> {
  const { origin, hash } = new URL(link);
  const token = hash.slice(1);
  const headers = { authorization: `Bearer ${token}` };
  const closed = new AbortController();
  const { body } = await fetch(`${origin}/console/events?token=${token}`, { signal: closed.signal });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let model: Model | undefined;

  async function read(): Promise<void> {
    const { value, done } = await reader.read();
    if (done) throw new Error("The server disconnected the page.");
    const messages = (text + value).split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages)
      if (message.startsWith("data: "))
        model = applyMessage(model, JSON.parse(message.slice("data: ".length)) as ServerMessage, Date.now());
  }

  return {
    async until(is) {
      while (model === undefined || !is(model)) await read();
      return model;
    },
    async command(command) {
      const init = { method: "POST", headers, body: JSON.stringify(command) };
      return (await (await fetch(`${origin}/console/commands/${command.command}`, init)).json()) as CommandResult;
    },
    async payload(event) {
      const url = `${origin}/console/payload?event=${encodeURIComponent(event)}`;
      return (await (await fetch(url, { headers })).json()) as Payload;
    },
    close: () => closed.abort(),
  };
}
