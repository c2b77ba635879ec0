// Activations as they lie in memory, 32 bits: 4 channels of one pixel are 16 bytes.
alias Quad = vec4f;

fn widen(quad: Quad) -> vec4f {
  return quad;
}

fn narrow(value: vec4f) -> Quad {
  return value;
}
