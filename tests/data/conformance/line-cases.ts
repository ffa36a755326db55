export interface LineCase {
  readonly name: string;
  /** `\n` stands for LF and CRLF in turn. Bytes, and text with a `\r`, are taken as written. */
  readonly body: string | Buffer;
  /** A line that is not valid UTF-8 is bytes. */
  readonly lines: readonly (string | Buffer)[];
  /** Lines over the limit. */
  readonly refused?: number;
  readonly maxEventBytes?: number;
  /** False: the connection is lost at the end of the body. */
  readonly clean?: boolean;
}

/** The framing of https://github.com/ndjson/ndjson-spec (3.1 to 3.3) and what docs/decisions/0010 decides where it leaves a choice. */
export const LINE_CASES: readonly LineCase[] = [
  { name: "each line is an event", body: '{"n":1}\n{"n":2}\n', lines: ['{"n":1}', '{"n":2}'] },
  { name: "a body without lines has no events", body: "", lines: [] },
  { name: "blank lines are heartbeats", body: '\n\n{"n":1}\n\n\n{"n":2}\n\n', lines: ['{"n":1}', '{"n":2}'] },
  {
    name: "any JSON text is an event",
    body: '1\n"a"\n[1,{}]\nnull\ntrue\n',
    lines: ["1", '"a"', "[1,{}]", "null", "true"],
  },
  { name: "a line that is not JSON is an event", body: "{\noops\n{}\n", lines: ["{", "oops", "{}"] },
  { name: "an escaped line end is data", body: '{"text":"a\\nb\\r\\n"}\n', lines: ['{"text":"a\\nb\\r\\n"}'] },
  { name: "spaces are kept", body: ' {"n": 1} \n', lines: [' {"n": 1} '] },
  { name: "lines of white space are heartbeats", body: 'é\n \n\t \n{"n":1}\n  ', lines: ["é", '{"n":1}'] },
  { name: "the same line twice is two events", body: "a\na\n", lines: ["a", "a"] },

  // Line ends
  { name: "LF and CRLF may be mixed", body: "a\r\nb\nc\r\n", lines: ["a", "b", "c"] },
  { name: "CRLF alone is a heartbeat", body: "\r\na\r\n\r\n", lines: ["a"] },
  { name: "CR alone does not end a line", body: "a\rb\rc\n", lines: ["a\rb\rc"] },
  { name: "only one CR before LF belongs to the line end", body: "a\r\r\n", lines: ["a\r"] },
  { name: "U+2028 and U+0085 do not end a line", body: "a\u2028b\u0085c\n", lines: ["a\u2028b\u0085c"] },

  // Last line
  { name: "a clean end closes the last line", body: "a\nb", lines: ["a", "b"] },
  { name: "a clean end closes a last line with its CR", body: "a\nb\r", lines: ["a", "b"] },
  { name: "a broken connection discards the unfinished line", body: "12\n34", lines: ["12"], clean: false },
  { name: "a broken connection keeps a finished line", body: "12\n34\n", lines: ["12", "34"], clean: false },

  // Encoding
  { name: "characters of two, three and four bytes", body: "é\n€uro\n🜁\n", lines: ["é", "€uro", "🜁"] },
  { name: "NUL is part of the line", body: "a\0b\n", lines: ["a\0b"] },
  { name: "one byte order mark before the first line is removed", body: "\uFEFF\uFEFFa\n", lines: ["\uFEFFa"] },
  { name: "a later byte order mark is part of its line", body: "a\n\uFEFFb\n", lines: ["a", "\uFEFFb"] },
  {
    name: "a line that is not valid UTF-8 stays bytes, the others are text",
    body: Buffer.from("a\n\xff\xfe\nb\n", "latin1"),
    lines: ["a", Buffer.from("\xff\xfe", "latin1"), "b"],
  },
  {
    name: "a character cut by a clean end stays bytes",
    body: Buffer.from("a\n\xe2\x82", "latin1"),
    lines: ["a", Buffer.from("\xe2\x82", "latin1")],
  },

  // Limit
  { name: "a line of the limit's length passes", body: "1234\n123\n", lines: ["1234", "123"], maxEventBytes: 4 },
  {
    name: "a line over the limit is refused, the others pass",
    body: "1\n12345\n2\n",
    lines: ["1", "2"],
    refused: 1,
    maxEventBytes: 4,
  },
  { name: "a last line over the limit is refused", body: "1\n123456", lines: ["1"], refused: 1, maxEventBytes: 4 },
  { name: "the limit counts bytes", body: "éé\néé1\n", lines: ["éé"], refused: 1, maxEventBytes: 4 },
];
