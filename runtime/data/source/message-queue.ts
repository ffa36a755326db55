/**
 * Messages between a socket that pushes them and a reader that pulls them. `onFull` and `onDrained` stop and start the socket, so
 * that a slow reader costs the memory of a few messages.
 */
export class MessageQueue implements AsyncIterable<Buffer> {
  private messages: Buffer[] = [];
  private next = 0;
  private bytes = 0;
  private isFull = false;
  private wake: (() => void) | undefined;
  private ending: { readonly error?: Error } | undefined;

  constructor(
    private readonly limits: { readonly messages: number; readonly bytes: number },
    private readonly onFull: () => void,
    private readonly onDrained: () => void,
  ) {}

  push(message: Buffer): void {
    if (this.ending) return;
    this.messages.push(message);
    this.bytes += message.length;
    if (!this.isFull && (this.messages.length - this.next >= this.limits.messages || this.bytes >= this.limits.bytes)) {
      this.isFull = true;
      this.onFull();
    }
    this.wake?.();
  }

  /** Ends the iteration after the messages that were pushed, with `error` if there is one. The first call counts. */
  end(error?: Error): void {
    this.ending ??= { error };
    this.wake?.();
  }

  /** Ends the iteration at once. */
  abort(error?: Error): void {
    this.messages = [];
    this.next = 0;
    this.bytes = 0;
    this.end(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.next < this.messages.length) {
        const message = this.messages[this.next++]!;
        this.bytes -= message.length;
        yield message;
      }
      this.messages = [];
      this.next = 0;
      if (this.isFull) {
        this.isFull = false;
        this.onDrained();
      }
      if (this.ending) {
        if (this.ending.error) throw this.ending.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
  }
}
