import { createHash, randomUUID } from "node:crypto";
import type { MessageAttributes } from "./message-attributes";

export interface Message {
  readonly id: string;
  readonly body: string;
  /** MD5 of the body, which the SDK checks. */
  readonly md5: string;
  readonly attributes: MessageAttributes;
  readonly groupId?: string;
  /** Of a message in a FIFO queue. */
  readonly sequenceNumber?: string;
  readonly receipt: string;
}

export interface Sent {
  readonly body: string;
  readonly attributes?: MessageAttributes;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

export interface Queue {
  readonly name: string;
  readonly fifo: boolean;
  visibilityMs: number;
  /**
   * A FIFO queue accepts a message with a deduplication id of the last five minutes and drops it. The answer has the id and sequence
   * number of the first message, and the MD5 of this one.
   */
  send(message: Sent): Message;
  /**
   * Up to `count` visible messages, oldest first. They are hidden for `visibilityMs`. A FIFO queue returns no message of a group while
   * an earlier one of it is hidden.
   * @param visibilityMs by default that of the queue
   */
  receive(count: number, visibilityMs?: number): Message[];
  delete(receipt: string): void;
}

/** SQS's queues, in memory only: messages are lost when the local stack ends. */
export interface Queues {
  /** Creates a queue, or changes the visibility timeout of an existing one. */
  put(name: string, fifo: boolean, visibilityMs?: number): Queue;
  find(name: string): Queue | undefined;
  remove(name: string): void;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html */
const DEDUPLICATION_MS = 5 * 60_000;
const DEFAULT_VISIBILITY_MS = 30_000;

export function createQueues(now: () => number): Queues {
  const queues = new Map<string, Queue>();
  return {
    put(name, fifo, visibilityMs = DEFAULT_VISIBILITY_MS) {
      const queue = queues.get(name) ?? openQueue(name, fifo, now);
      queue.visibilityMs = visibilityMs;
      queues.set(name, queue);
      return queue;
    },
    find: (name) => queues.get(name),
    remove: (name) => void queues.delete(name),
  };
}

function openQueue(name: string, fifo: boolean, now: () => number): Queue {
  const waiting: { message: Message; visibleAt: number }[] = [];
  const seen = new Map<string, { message: Message; until: number }>();
  let sent = 0;
  const queue: Queue = {
    name,
    fifo,
    visibilityMs: DEFAULT_VISIBILITY_MS,
    send({ body, attributes = {}, groupId, deduplicationId }) {
      const content = { body, md5: createHash("md5").update(body).digest("hex"), attributes, groupId };
      const known = deduplicationId === undefined ? undefined : seen.get(deduplicationId);
      if (fifo && known !== undefined && known.until > now()) return { ...known.message, ...content };
      const sequenceNumber = fifo ? String(++sent).padStart(20, "0") : undefined;
      const message = { ...content, id: randomUUID(), sequenceNumber, receipt: randomUUID() };
      waiting.push({ message, visibleAt: 0 });
      if (deduplicationId !== undefined) seen.set(deduplicationId, { message, until: now() + DEDUPLICATION_MS });
      return message;
    },
    receive(count, visibilityMs = queue.visibilityMs) {
      const at = now();
      const hidden = waiting.filter(({ visibleAt }) => visibleAt > at).map(({ message }) => message.groupId);
      const blocked = new Set(hidden);
      const visible = waiting
        .filter(({ message, visibleAt }) => visibleAt <= at && !(fifo && blocked.has(message.groupId)))
        .slice(0, count);
      for (const entry of visible) entry.visibleAt = at + visibilityMs;
      return visible.map(({ message }) => message);
    },
    delete(receipt) {
      const index = waiting.findIndex(({ message }) => message.receipt === receipt);
      if (index >= 0) waiting.splice(index, 1);
    },
  };
  return queue;
}
