// Group norm over the picture, third of three:
//   output = scale * input + shift + params.residual * residual
//
// One invocation computes one quad of one pixel; workgroup z is the quad.
//
// In front of this file: shared/activations_*.wgsl, shared/norm_head.wgsl.

@group(0) @binding(1) var<storage, read> layer: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read> residual: array<Quad>;
@group(0) @binding(4) var<storage, read_write> output: array<Quad>;

fn of_layer(at: u32) -> vec4f {
  return vec4f(layer[at], layer[at + 1u], layer[at + 2u], layer[at + 3u]);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let scale = of_layer(2u * params.stored + id.z * 4u);
  let shift = of_layer(3u * params.stored + id.z * 4u);
  let source = params.input_origin + id.z * params.input_plane + id.y * params.input_pitch + id.x;
  let to = params.output_origin + id.z * params.output_plane + id.y * params.output_pitch + id.x;
  var value = scale * widen(input[source]) + shift;
  if (params.residual != 0.0) {
    value += params.residual * widen(residual[to]);
  }
  output[to] = narrow(value);
}
