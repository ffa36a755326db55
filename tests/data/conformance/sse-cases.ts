export interface SseCase {
  readonly name: string;
  /** `\n` stands for each of LF, CR and CRLF in turn. Bytes, and text with a `\r`, are taken as written. */
  readonly body: string | Buffer;
  /** `type` is `message` and `id` is empty unless given. */
  readonly events: readonly { readonly data: string; readonly type?: string; readonly id?: string }[];
  /** Last event ID at the end of the body; by default the id of the last event. */
  readonly position?: string;
  /** Reconnection time at the end of the body. */
  readonly retryMs?: number;
}

const BOM = "\uFEFF";

/**
 * One case for each rule of https://html.spec.whatwg.org/multipage/server-sent-events.html, sections "Parsing an event stream"
 * and "Interpreting an event stream".
 */
export const SSE_CASES: readonly SseCase[] = [
  // Dispatch
  { name: "a blank line dispatches an event", body: "data: one\n\n", events: [{ data: "one" }] },
  {
    name: "each block is an event",
    body: "data: one\n\ndata: two\n\n",
    events: [{ data: "one" }, { data: "two" }],
  },
  { name: "blank lines without a block dispatch nothing", body: "\n\n\ndata: one\n\n\n\n", events: [{ data: "one" }] },
  { name: "a body without lines has no events", body: "", events: [] },
  { name: "a block without its blank line is discarded", body: "data: one\n\ndata: two\n", events: [{ data: "one" }] },
  { name: "a line without its end is discarded", body: "data: one\n\ndata: two", events: [{ data: "one" }] },
  {
    name: "a discarded block does not move the last event ID",
    body: "id: 1\ndata: one\n\nid: 2\ndata: two\n",
    events: [{ data: "one", id: "1" }],
  },

  // Data
  {
    name: "data lines are joined by LF",
    body: "data: one\ndata: two\ndata: three\n\n",
    events: [{ data: "one\ntwo\nthree" }],
  },
  { name: "an empty data line is an event with empty data", body: "data:\n\n", events: [{ data: "" }] },
  { name: "a data line needs no colon", body: "data\n\n", events: [{ data: "" }] },
  { name: "two empty data lines are one LF", body: "data\ndata\n\n", events: [{ data: "\n" }] },
  { name: "empty data lines are kept inside the data", body: "data:\ndata: x\ndata:\n\n", events: [{ data: "\nx\n" }] },
  {
    name: "data lines are joined across other fields",
    body: "data: 1\nid: 7\ndata: 2\n\n",
    events: [{ data: "1\n2", id: "7" }],
  },
  { name: "the same data twice is two events", body: "data: x\n\ndata: x\n\n", events: [{ data: "x" }, { data: "x" }] },

  // Fields
  { name: "the space after the colon is optional", body: "data:x\n\n", events: [{ data: "x" }] },
  { name: "only one space is removed", body: "data:  x \n\n", events: [{ data: " x " }] },
  { name: "a value of one space is empty", body: "data: \n\n", events: [{ data: "" }] },
  { name: "a tab is part of the value", body: "data:\tx\n\n", events: [{ data: "\tx" }] },
  {
    name: "the first colon ends the name",
    body: "data: a: b\n\ndata::\n\n",
    events: [{ data: "a: b" }, { data: ":" }],
  },
  { name: "names are case-sensitive", body: "Data: x\nDATA: x\nEvent: x\nID: x\n\n", events: [] },
  { name: "a name starts at the line's first character", body: " data: x\n\tdata: x\n\n", events: [] },
  { name: "a name ends at the colon", body: "data : x\ndatax: x\ndat: x\n\n", events: [] },
  { name: "unknown fields are ignored", body: "data: 1\nuser: x\nnonsense\ndata: 2\n\n", events: [{ data: "1\n2" }] },

  // Comments
  { name: "a comment dispatches nothing", body: ":\n\n: hello\n\n", events: [] },
  {
    name: "a comment does not end a block",
    body: ": a\ndata: 1\n:data: x\n:\ndata: 2\n\n",
    events: [{ data: "1\n2" }],
  },
  { name: "a long comment is ignored", body: `:${"x".repeat(2_048)}\ndata: 1\n\n`, events: [{ data: "1" }] },

  // Event type
  { name: "event sets the type", body: "event: add\ndata: 1\n\n", events: [{ data: "1", type: "add" }] },
  {
    name: "fields have no order",
    body: "data: 1\nid: 7\nevent: add\n\n",
    events: [{ data: "1", type: "add", id: "7" }],
  },
  {
    name: "the last type of a block counts",
    body: "event: a\nevent: b\ndata: 1\n\n",
    events: [{ data: "1", type: "b" }],
  },
  {
    name: "an empty type is the default type",
    body: "event: a\nevent:\ndata: 1\n\nevent\ndata: 2\n\n",
    events: [{ data: "1" }, { data: "2" }],
  },
  {
    name: "a type is for one block",
    body: "event: a\ndata: 1\n\ndata: 2\n\n",
    events: [{ data: "1", type: "a" }, { data: "2" }],
  },
  {
    name: "a block without data dispatches nothing and drops its type",
    body: "event: a\n\ndata: 1\n\n",
    events: [{ data: "1" }],
  },

  // Last event ID
  {
    name: "an id stays in force until the next",
    body: "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
    events: [
      { data: "a", id: "1" },
      { data: "b", id: "1" },
      { data: "c", id: "2" },
    ],
  },
  {
    name: "an empty id clears the last event ID",
    body: "id: 1\ndata: a\n\nid:\ndata: b\n\nid: 2\ndata: c\n\nid\ndata: d\n\n",
    events: [{ data: "a", id: "1" }, { data: "b" }, { data: "c", id: "2" }, { data: "d" }],
  },
  {
    name: "an id without data moves the last event ID",
    body: "data: a\n\nid: 2\n\n",
    events: [{ data: "a" }],
    position: "2",
  },
  {
    name: "an id with a NUL is ignored",
    body: "id: 1\nid: 2\0\nid: \0\ndata: a\n\n",
    events: [{ data: "a", id: "1" }],
  },
  { name: "an id keeps its inner spaces", body: "id:  a b \ndata: a\n\n", events: [{ data: "a", id: " a b " }] },
  { name: "an id may be JSON", body: 'id: [{"offset":7}]\ndata: a\n\n', events: [{ data: "a", id: '[{"offset":7}]' }] },

  // Reconnection time
  { name: "retry of digits sets the reconnection time", body: "retry: 1500\n\n", events: [], retryMs: 1_500 },
  { name: "retry is decimal", body: "retry: 010\n\n", events: [], retryMs: 10 },
  { name: "retry counts before the block ends", body: "data: a\n\nretry: 7\n", events: [{ data: "a" }], retryMs: 7 },
  {
    name: "retry of anything but digits is ignored",
    body: "retry: 3\nretry: 4x\nretry: -1\nretry: 1.5\nretry:  5\nretry: 1e3\n\n",
    events: [],
    retryMs: 3,
  },

  // Encoding
  {
    name: "characters of two, three and four bytes",
    body: "event: é\nid: …\ndata: ü€🜁\n\n",
    events: [{ data: "ü€🜁", type: "é", id: "…" }],
  },
  {
    name: "invalid UTF-8 becomes U+FFFD",
    body: Buffer.from("data: a\xffb\n\n", "latin1"),
    events: [{ data: "a\uFFFDb" }],
  },
  { name: "NUL is part of the data", body: "data: a\0b\n\n", events: [{ data: "a\0b" }] },
  {
    name: "U+2028 and U+0085 do not end a line",
    body: "data: a\u2028b\u0085c\n\n",
    events: [{ data: "a\u2028b\u0085c" }],
  },
  { name: "one byte order mark is removed", body: `${BOM}data: a\n\n`, events: [{ data: "a" }] },
  {
    name: "a second byte order mark belongs to the name",
    body: `${BOM}${BOM}data: a\n\ndata: b\n\n`,
    events: [{ data: "b" }],
  },
  {
    name: "a later byte order mark belongs to its line",
    body: `data: a\n\n${BOM}data: b\n\ndata: ${BOM}c\n\n`,
    events: [{ data: "a" }, { data: `${BOM}c` }],
  },
  {
    name: "part of a byte order mark belongs to the name",
    body: Buffer.from("\xef\xbbdata: a\n\ndata: b\n\n", "latin1"),
    events: [{ data: "b" }],
  },

  // Line ends
  {
    name: "line ends may be mixed",
    body: "data: 1\r\ndata: 2\rdata: 3\n\r\ndata: 4\r\r\n",
    events: [{ data: "1\n2\n3" }, { data: "4" }],
  },
  { name: "CRLF is one end", body: "data: 1\r\ndata: 2\r\n\r\n", events: [{ data: "1\n2" }] },
  { name: "LF and CR are two ends", body: "data: 1\n\rdata: 2\n\r", events: [{ data: "1" }, { data: "2" }] },
  { name: "a last CR ends its line at once", body: "data: 1\r\r", events: [{ data: "1" }] },
];
