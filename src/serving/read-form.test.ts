import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Form, parseForm } from "./read-form.ts";
import { ServingError } from "./serving-error.ts";

const hint = "send multipart/form-data, as curl does with -F image=@card.jpg";
const parse = (body: string | Uint8Array, boundary = "b") =>
  parseForm(typeof body === "string" ? Buffer.from(body, "latin1") : body, boundary, { hint });

/** What the platform sends for a form. */
async function sent(fields: FormData): Promise<Form> {
  const request = new Request("http://localhost", { method: "POST", body: fields });
  const boundary = /boundary=(.*)$/.exec(request.headers.get("content-type")!)![1]!;
  return parse(new Uint8Array(await request.arrayBuffer()), boundary);
}

describe("a form as browsers send it", () => {
  test("is read: text, and files with name and type", async () => {
    const form = new FormData();
    form.set("note", "æøå\r\nand more");
    form.set("image", new File([new Uint8Array([1, 2, 3])], 'the "ace".jpg', { type: "image/jpeg" }));
    expect({ ...(await sent(form)) }).toEqual({
      note: "æøå\r\nand more",
      image: { name: 'the "ace".jpg', mediaType: "image/jpeg", bytes: new Uint8Array([1, 2, 3]) },
    });
  });

  test("whatever the bytes are, they come through, in memory of their own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const form = new FormData();
        form.set("image", new File([bytes], "x"));
        const file = (await sent(form)).image;
        if (typeof file !== "object") throw new Error("not a file");
        expect([...file.bytes]).toEqual([...bytes]);
        // A thread gets the whole buffer behind the bytes.
        expect(file.bytes.buffer.byteLength).toBe(bytes.length);
      }),
      { numRuns: 100 },
    );
  });

  test("as curl writes it, with an empty file, and with a preamble", () => {
    const body =
      'before\r\n--b\r\nContent-Type: image/png; x=y\r\ncontent-disposition: form-data; filename="a\\"b.png"; name="image"\r\n\r\n\r\n--b--\r\nafter';
    expect(parse(body).image).toEqual({ name: 'a"b.png', mediaType: "image/png", bytes: new Uint8Array() });
  });
});

describe("a form that is none is refused, and the message says what to send", () => {
  const field = (name: string, value = "x") =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  test.each([
    ["nothing", "", "the body is empty"],
    ["another boundary", "--c\r\n", "the body has no part of a form"],
    [
      "a part that does not end",
      `${field("a")}--b\r\ncontent-disposition: form-data; name="b"\r\n\r\nx`,
      "ends too early",
    ],
    ["a head that does not end", "--b\r\ncontent-disposition: form-data", "ends too early"],
    ["no last boundary", field("a"), "ends too early"],
    ["a part without a name", "--b\r\n\r\nx\r\n--b--", "has no name"],
    ["the same name twice", `${field("a")}${field("a")}--b--`, 'has "a" twice'],
    [
      "too many fields",
      `${Array.from({ length: 33 }, (_, i) => field(`f${i}`)).join("")}--b--`,
      "at most 32 fields",
    ],
    ["a head of megabytes", `--b\r\nx: ${"y".repeat(5000)}\r\n\r\nx\r\n--b--`, "too long a head"],
    ["a field of megabytes", `${field("a", "x".repeat(2 ** 20 + 1))}--b--`, "at most 1 MB, got 1.1 MB"],
  ])("%s", (_, body, message) => {
    expect(() => parse(body)).toThrowError(expect.objectContaining({ code: "invalid-form" }));
    expect(() => parse(body)).toThrow(message);
    expect(() => parse(body)).toThrow(hint);
  });

  test("whatever is sent, it is a form or refused so", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "--b",
        "--b--",
        "\r\n",
        "\r\n\r\n",
        field("a"),
        'content-disposition: form-data; name="a"',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          parse(pieces.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
