// Activations as they lie in memory, 16 bits, where arithmetic in f16 is to be had: the bytes are those of
// activations_f16.wgsl. Needs the feature shader-f16.
enable f16;

alias Quad = vec4<f16>;

fn widen(quad: Quad) -> vec4f {
  return vec4f(quad);
}

fn narrow(value: vec4f) -> Quad {
  return Quad(value);
}
