// Activations as they lie in memory, 16 bits: 4 channels of one pixel are 8 bytes.
// Arithmetic stays in f32, and the packing needs no feature: every adapter can run it.
alias Quad = vec2u;

fn widen(quad: Quad) -> vec4f {
  return vec4f(unpack2x16float(quad.x), unpack2x16float(quad.y));
}

fn narrow(value: vec4f) -> Quad {
  return vec2u(pack2x16float(value.xy), pack2x16float(value.zw));
}
