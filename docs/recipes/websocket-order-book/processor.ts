import { eachEvent } from "pulumi-stream-ingestion/processor";

interface BookMessage {
  readonly type: "snapshot" | "change";
  readonly sequence: number;
}

/** The book of one connection. The messages up to `last` are applied, later ones wait for those between. */
interface Book {
  last: number | undefined;
  readonly waiting: Map<number, BookMessage>;
}

/** More than this out of order means that a message is missing. */
const MAX_WAITING = 1_000;

const books = new Map<string, Book>();

/**
 * Follows each book. A new connection starts with a snapshot, so it is a new book: changes of one connection never apply to another's.
 * Batches of events may arrive out of order, so a change waits for the one before it.
 */
export const handler = eachEvent<BookMessage>((event) => {
  const name = `${event.streamId} ${event.connection}`;
  const message = event.json();
  const book = books.get(name) ?? { last: undefined, waiting: new Map() };
  books.set(name, book);
  if (message.type === "snapshot") book.last = message.sequence;
  else book.waiting.set(message.sequence, message);
  while (book.last !== undefined && book.waiting.delete(book.last + 1)) book.last++;
  if (book.waiting.size > MAX_WAITING) throw new Error(`The book ${name} misses message ${(book.last ?? 0) + 1}`);
  console.log(JSON.stringify({ book: name, last: book.last, waiting: book.waiting.size }));
});
