import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Notification {
  readonly id: string;
  readonly topic: string;
  readonly message: string;
  readonly priority?: number;
}

/** Logs each message. */
export const handler = eachEvent<Notification>((event) => {
  const { id, topic, message, priority } = event.json();
  console.log(JSON.stringify({ id, topic, message, priority: priority ?? 3 }));
});
