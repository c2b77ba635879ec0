/**
 * Protocol buffers, as much of the wire format as an ONNX model needs: every field is a tag and a
 * variable-length integer, a float, or a length and that many bytes.
 */

/** The wire types in use. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const ENCODER = new TextEncoder();

/** Joins fields to a message. */
export function message(...fields: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(fields.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const field of fields) {
    joined.set(field, at);
    at += field.length;
  }
  return joined;
}

/** A field that holds bytes or another message. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return message(tag(number, LENGTH_DELIMITED), varint(bytes.length), bytes);
}

/** A field that holds text. */
export function textField(number: number, text: string): Uint8Array {
  return bytesField(number, ENCODER.encode(text));
}

/** A field that holds a whole number, 0 or more. */
export function integerField(number: number, value: number): Uint8Array {
  return message(tag(number, VARINT), varint(value));
}

/** A field that holds a number in 32 bits. */
export function floatField(number: number, value: number): Uint8Array {
  return message(tag(number, FIXED32), new Uint8Array(Float32Array.of(value).buffer));
}

function tag(number: number, wireType: number): Uint8Array {
  return varint(number * 8 + wireType);
}

/** Seven bits to a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): Uint8Array {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return Uint8Array.of(...bytes, value);
}
