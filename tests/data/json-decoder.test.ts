import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventSink } from "../../runtime/data/event-sink";
import { jsonDecoder } from "../../runtime/data/json-decoder";
import { chunkings, cutAt } from "./conformance/decode";

interface Seen {
  readonly values: (string | Buffer)[];
  readonly refused: string[];
  readonly malformed: { bytes: number; digest: string }[];
  /** Message of what the decoder threw. */
  error?: string;
}

interface Options {
  readonly limit?: number;
  readonly format?: "json" | "json-seq";
  readonly clean?: boolean;
}

function decode(chunks: readonly Buffer[], { limit = 1 << 20, format = "json", clean = true }: Options = {}): Seen {
  const seen: Seen = { values: [], refused: [], malformed: [] };
  const sink: EventSink = {
    event: (data, bytes, type, id, ownId) => {
      assert.equal(Buffer.byteLength(data), bytes, "dataBytes is the length of the data");
      assert.deepEqual([type, id, ownId], ["message", "", false]);
      seen.values.push(typeof data === "string" ? data : Buffer.from(data));
    },
    refused: (digest) => void seen.refused.push(digest),
    malformed: (bytes, digest) => void seen.malformed.push({ bytes, digest }),
    idChanged: () => assert.fail("JSON has no ids"),
    idRefused: () => assert.fail("JSON has no ids"),
    retry: () => assert.fail("JSON has no retry times"),
  };
  const decoder = jsonDecoder(limit, format);
  try {
    for (const chunk of chunks) decoder.feed(chunk, sink);
    decoder.end(clean, sink);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "SOURCE_FORMAT");
    seen.error = (error as Error).message;
  }
  return seen;
}

/** What `text` decodes to. Fails unless every way to cut it gives the same. */
function everyCut(text: string | Buffer, options: Options = {}): Seen {
  const bytes = Buffer.from(text);
  const whole = decode([bytes], options);
  for (const chunks of chunkings(bytes)) assert.deepEqual(decode(chunks, options), whole);
  return whole;
}

const values = (text: string | Buffer, options: Options = {}) => {
  const { values, error, refused, malformed } = everyCut(text, options);
  assert.deepEqual({ error, refused, malformed }, { error: undefined, refused: [], malformed: [] });
  return values;
};

const X = "x".repeat(150);

describe("JSON decoder", () => {
  const shapes: [string, string, string[]][] = [
    ["values one after the other", '{"a":1}{"b":[2]}', ['{"a":1}', '{"b":[2]}']],
    ["values on lines", '{"a":1}\n\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
    ["pretty-printed values", '{\n  "a": [\n    1\n  ]\n}\n{\n}', ['{\n  "a": [\n    1\n  ]\n}', "{\n}"]],
    ["the elements of one endless array", '[{"a":1},\n {"b":2},[3]', ['{"a":1}', '{"b":2}', "[3]"]],
    ["the elements of arrays that end", '[{"a":1}]\n[]\n["x",2]', ['{"a":1}', '"x"', "2"]],
    ["a sequence with record separators", '\x1e{"a":1}\n\x1e\x1e[1,2]\n\x1e3\n', ['{"a":1}', "[1,2]", "3"]],
    [
      "bare values of every kind",
      ' 1 -2.5e+3 true false null "x""y"',
      ["1", "-2.5e+3", "true", "false", "null", '"x"', '"y"'],
    ],
    ["brackets and escapes in strings", '{"a":"}]\\"{["}["\\\\"]', ['{"a":"}]\\"{["}', '"\\\\"']],
    ["long strings with escapes", `"${X}\\\\${X}\\"${X}"{"${X}":"\\""}`, [`"${X}\\\\${X}\\"${X}"`, `{"${X}":"\\""}`]],
    ["characters of several bytes", '{"é":"😀"}"\\ud83d\\ude00"', ['{"é":"😀"}', '"\\ud83d\\ude00"']],
    ["a body that begins with a byte order mark", '\uFEFF{"a":1}', ['{"a":1}']],
  ];
  for (const [name, text, expected] of shapes)
    it(`reads ${name}, however cut`, () => assert.deepEqual(values(text), expected));

  it("reports a value when its last byte arrives", () => {
    const seen: unknown[] = [];
    const sink = { event: (data: unknown) => seen.push(data) } as unknown as EventSink;
    const decoder = jsonDecoder(100);
    decoder.feed(Buffer.from('[{"a":1'), sink);
    assert.deepEqual(seen, []);
    decoder.feed(Buffer.from("}"), sink);
    assert.deepEqual(seen, ['{"a":1}']);
  });

  it("names the beginning of an unfinished value until it ends", () => {
    const decoder = jsonDecoder(30);
    const sink = { event: () => {} } as unknown as EventSink;
    const unread = ['[{"a":', '"long', 'er"', "} , \n", "12"].map((chunk) => {
      decoder.feed(Buffer.from(chunk), sink);
      return decoder.unread()?.toString();
    });
    assert.deepEqual(unread, ['{"a":', '{"a":"long', '{"a":"longer"', undefined, "12"]);
  });

  it("keeps a number at a clean end, and discards the tail of a broken body or an unfinished value", () => {
    assert.deepEqual(values("1 23"), ["1", "23"]);
    assert.deepEqual(values("1 23", { clean: false }), ["1"]);
    assert.deepEqual(values('1 {"a":'), ["1"]);
  });

  it("keeps a value that is not UTF-8 as bytes", () => {
    const value = Buffer.from([0x22, 0xff, 0x22]);
    assert.deepEqual(values(Buffer.concat([Buffer.from("1 "), value, Buffer.from(" 2 ")])), ["1", value, "2"]);
  });

  it("refuses a value over the limit once, as soon as the limit is passed, and keeps the others", () => {
    const text = `{"ok":1}{"big":"${"x".repeat(3000)}"}"${"y".repeat(10)}"{"ok":2}`;
    const seen = everyCut(text, { limit: 12 });
    assert.deepEqual(seen.values, ['{"ok":1}', '"yyyyyyyyyy"', '{"ok":2}']);
    assert.equal(seen.refused.length, 1);
    const early = decode([Buffer.from('{"never":"closed')], { limit: 12, clean: false });
    assert.equal(early.refused.length, 1);
  });

  for (const [name, text] of [
    ["an SSE body", 'data: {"a":1}\n\n'],
    ["a closing bracket that closes nothing", '{"a":1}]'],
    ["brackets of two kinds", '{"a":[1}'],
    ["a number with a leading zero", "01 "],
    ["half a byte order mark", "\xef{}"],
  ] as const)
    it(`throws SOURCE_FORMAT at ${name}, and names the setting`, () => {
      const { error } = everyCut(Buffer.from(text, "latin1"));
      assert.match(error ?? "", /Expected the source to send JSON values, got ".{1,22}"\. Set `source\.format`/);
    });

  it("throws SOURCE_FORMAT under json-seq where the first record separator is absent", () => {
    assert.match(everyCut('{"a":1}\n', { format: "json-seq" }).error ?? "", /got "\{"/);
    assert.deepEqual(values('\x1e["a"]\n', { format: "json-seq" }), ['["a"]']);
  });

  it("names the same beginning of a malformed value over the limit, however it is cut", () => {
    const { error, refused } = everyCut('{"a":"0123456789abcdef"]', { limit: 12 });
    assert.match(error!, /got "\{\\"a\\":\\"0123456"\./);
    assert.equal(refused.length, 1);
  });

  it("continues at the next record separator after a malformed or truncated value", () => {
    const seen = everyCut('\x1e{"a":1\x1e{"b":2}\n\x1e12\x1e"c\x1e{"d":[}] {}\n\x1enope \x1e{"e":3}\n');
    assert.deepEqual(seen.values, ['{"b":2}', '{"e":3}']);
    assert.deepEqual(
      seen.malformed.map(({ bytes }) => bytes),
      [6, 2, 2, 7, 4],
    );
  });

  it("drops a number at the end of a sequence, which may be half of a longer one", () => {
    assert.deepEqual(values("\x1e1\n\x1e23"), ["1"]);
  });

  it("reads nesting of any depth without holding it", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    assert.deepEqual(decode([Buffer.from(`{"a":${deep}}{"b":1}`)]).values, [`{"a":${deep}}`, '{"b":1}']);
    assert.equal(decode([Buffer.from("[".repeat(50_000))], { limit: 1_024 }).refused.length, 1);
  });

  describe("fuzz", () => {
    /** Code units of any kind, halves of surrogate pairs included: as text, a half is an escape. */
    const halves = fc
      .array(fc.oneof(fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 0, max: 0xffff })), { maxLength: 40 })
      .map((units) => String.fromCharCode(...units));
    /** Long enough for the search that long strings get, with bytes around its threshold that end a string or do not. */
    const long = fc
      .tuple(fc.integer({ min: 55, max: 75 }), fc.constantFrom('"', "\\", "\\\\", '\\"', "\u001e", "é", "x"), halves)
      .map(([length, stop, rest]) => `${"y".repeat(length)}${stop}${rest}`);
    const { nested } = fc.letrec((tie) => ({
      nested: fc.oneof(
        { maxDepth: 40, depthSize: "max" },
        fc.oneof(halves, long, fc.integer(), fc.constantFrom(true, null)),
        fc.array(tie("nested"), { maxLength: 2 }),
        fc.dictionary(fc.oneof(halves, fc.constantFrom("", "}", '"', "\\")), tie("nested"), { maxKeys: 2 }),
      ),
    }));
    /** Any value as text, in one of the ways that serialisers write it. */
    const value = fc
      .tuple(
        fc.oneof(
          fc.jsonValue({ stringUnit: "binary", maxDepth: 6 }),
          nested,
          long,
          fc.string({ unit: "binary" }),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ),
        fc.constantFrom<[indent: number, ascii: boolean][]>([0, false], [2, false], [0, true], [1, true]),
      )
      .map(([one, [indent, ascii]]) => {
        const text = JSON.stringify(one, null, indent);
        const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
        return ascii ? text.replace(/[^\0-\x7f]/g, escaped) : text;
      });
    const sizes = fc.array(fc.nat(12), { maxLength: 80 });
    const space = fc.constantFrom(" ", "\n", "\r\n", "\t ");

    it("gives every value back, whatever separates them and however the body is cut", () => {
      fc.assert(
        fc.property(
          fc.array(value),
          sizes,
          space,
          fc.constantFrom("space", "array", "sequence", "nothing"),
          (any, cuts, gap, how) => {
            // A number or a word needs something after it.
            const list = how === "nothing" ? any.filter((one) => /^["{[]/.test(one)) : any;
            const text = {
              space: list.map((one) => (one.startsWith("[") ? `[${one}]` : one)).join(gap) + gap,
              array: `[${gap}${list.join(`${gap},${gap}`)}${gap}]`,
              sequence: list.map((one) => `\x1e${one}${gap}`).join(""),
              nothing: list.map((one) => (one.startsWith("[") ? `[${one}]` : one)).join(""),
            }[how];
            const seen = decode(cutAt(Buffer.from(text), cuts));
            assert.deepEqual(seen, { values: list, refused: [], malformed: [] });
          },
        ),
      );
    });

    it("refuses exactly the values over the limit, however the body is cut", () => {
      fc.assert(
        fc.property(fc.array(value), sizes, fc.integer({ min: 1, max: 200 }), (list, cuts, limit) => {
          const body = Buffer.from(`[${list.join(",")}]`);
          const { values, refused, malformed } = decode(cutAt(body, cuts), { limit });
          const [small, large] = [list.filter(fits), list.filter((one) => !fits(one))];
          function fits(one: string): boolean {
            return Buffer.byteLength(one) <= limit;
          }
          assert.deepEqual([values, refused.length, malformed], [small, large.length, []]);
        }),
      );
    });

    it("keeps any bytes inside a string, valid UTF-8 or not", () => {
      const inside = fc.uint8Array({ max: 0xff, maxLength: 200 }).map((bytes) =>
        // A quote, a backslash or a record separator would have a meaning.
        Buffer.from(bytes.filter((byte) => byte !== 0x22 && byte !== 0x5c && byte !== 0x1e)),
      );
      fc.assert(
        fc.property(fc.array(inside), sizes, (list, cuts) => {
          const parts = list.map((bytes) => Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]));
          const { values } = decode(cutAt(Buffer.concat(parts), cuts));
          assert.deepEqual(
            values.map((one) => Buffer.from(one)),
            parts,
          );
        }),
      );
    });

    it("never depends on chunking, whatever the bytes", () => {
      const piece = fc.oneof(
        fc.constantFrom(
          "{",
          "}",
          "[",
          "]",
          '"',
          "\\",
          "\x1e",
          " ",
          "\n",
          ",",
          ":",
          "1",
          "true",
          "x",
          "é",
          "\uFEFF",
          "0123456789abc",
        ),
        value,
      );
      const any = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join("")));
      const format = fc.constantFrom("json" as const, "json-seq" as const);
      fc.assert(
        fc.property(any, sizes, format, fc.boolean(), fc.boolean(), (bytes, cuts, format, clean, sequence) => {
          const body = sequence ? Buffer.concat([Buffer.from("\x1e"), bytes]) : bytes;
          const options = { limit: 12, format, clean };
          assert.deepEqual(decode(cutAt(body, cuts), options), decode([body], options));
        }),
        { numRuns: 1_000 },
      );
    });
  });
});
