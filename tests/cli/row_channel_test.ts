import assert from "node:assert/strict";
import { CodecsForOne, CodecThreads } from "../../src/cli/batch/codecs.ts";
import { encodeRows } from "../../src/enhance/encoding.ts";
import { UsageError } from "../../src/errors.ts";
import { type PictureHeader, toGpuPixels } from "../../src/pictures/mod.ts";
import { concatBytes } from "../../src/pictures/bytes.ts";

const WIDTH = 640;
const HEIGHT = 333;
const header: PictureHeader = {
  width: WIDTH,
  height: HEIGHT,
  channels: 3,
  depth: 8,
  metadata: {},
};

const data = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * i >> 7) % 251);

/** The picture in parts of so many rows. */
function* parts(rows: number): Generator<Uint8Array> {
  const stride = rows * WIDTH * 3;
  for (let at = 0; at < data.length; at += stride) yield data.subarray(at, at + stride);
}

/** The same, as the device has it. */
function* pixelParts(rows: number): Generator<Uint32Array> {
  for (const part of parts(rows)) {
    yield toGpuPixels({ ...header, height: part.length / WIDTH / 3, data: part });
  }
}

async function bytesOf(encoded: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concatBytes(await Array.fromAsync(encoded, (bytes) => bytes.slice()));
}

for (const format of ["jpeg", "png"] as const) {
  Deno.test(`rows of a ${format} encoded in a thread give the same bytes`, async () => {
    using threads = new CodecThreads();
    const expected = await bytesOf(encodeRows(header, parts(50), { format }));
    const encode = threads.rowEncoderFor();
    for (const rows of [1, 16, HEIGHT]) {
      assert.deepEqual(await bytesOf(encode(header, parts(rows), { format })), expected);
      assert.deepEqual(await bytesOf(encode(header, pixelParts(rows), { format })), expected);
    }
    assert.deepEqual(await bytesOf(encodeRows(header, pixelParts(7), { format })), expected);
    // Rows that were not given away are there still.
    assert.equal(data.length, WIDTH * HEIGHT * 3);
  });
}

Deno.test("pictures that are encoded at one time in one thread do not meet", async () => {
  using threads = new CodecThreads();
  const formats = ["png", "jpeg", "png"] as const;
  const encode = threads.rowEncoderFor();
  const results = await Promise.all(
    formats.map((format) => bytesOf(encode(header, parts(9), { format }))),
  );
  assert.deepEqual(results[0], results[2]);
  assert.deepEqual(results[1], await bytesOf(encodeRows(header, parts(9), { format: "jpeg" })));
});

Deno.test("what the rows fail with is what comes out, and the thread goes on", async () => {
  using threads = new CodecThreads();
  const encode = threads.rowEncoderFor();
  const failure = new Error("the device failed");
  function* failing() {
    yield data.subarray(0, WIDTH * 3);
    throw failure;
  }
  await assert.rejects(
    bytesOf(encode(header, failing(), { format: "png" })),
    (error) => error === failure,
  );
  const whole = await bytesOf(encode(header, parts(40), { format: "png" }));
  assert.deepEqual(whole, await bytesOf(encodeRows(header, parts(40), { format: "png" })));
});

Deno.test("what the codec refuses is refused with its own kind of error, and ends the rows", async () => {
  using threads = new CodecThreads();
  const encode = threads.rowEncoderFor();
  let ended = false;
  function* tooMany() {
    try {
      for (;;) yield* parts(100);
    } finally {
      ended = true;
    }
  }
  await assert.rejects(bytesOf(encode(header, tooMany(), { format: "png" })), UsageError);
  assert.ok(ended);
});

Deno.test("bytes that nobody takes any more end the rows", async () => {
  using threads = new CodecThreads();
  let ended = false;
  function* watched() {
    try {
      yield* parts(10);
    } finally {
      ended = true;
    }
  }
  for await (const bytes of threads.rowEncoderFor()(header, watched(), { format: "png" })) {
    assert.ok(bytes.length > 0);
    break;
  }
  assert.ok(ended);
});

Deno.test("a single small result takes no thread, a large one does", async () => {
  using codecs = new CodecsForOne();
  assert.equal(codecs.rowEncoderFor(header), encodeRows);
  const large = codecs.rowEncoderFor({ ...header, width: 3840, height: 2160 });
  assert.notEqual(large, encodeRows);
  const format = "jpeg";
  assert.deepEqual(
    await bytesOf(large(header, parts(64), { format })),
    await bytesOf(encodeRows(header, parts(64), { format })),
  );
});
