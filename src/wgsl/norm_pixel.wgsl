// Layer norm over the channels of each pixel:
//   output = weight * (input - mean) / sqrt(variance + epsilon) + bias
//
// One invocation computes one pixel, all channels.
//
// In front of this file: shared/activations_*.wgsl, shared/norm_head.wgsl.

@group(0) @binding(1) var<storage, read> layer: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read_write> output: array<Quad>;

fn of_layer(at: u32) -> vec4f {
  return vec4f(layer[at], layer[at + 1u], layer[at + 2u], layer[at + 3u]);
}

// One where a quad's channels are there, zero where they only fill it up.
fn present(quad: u32) -> vec4f {
  let channels = vec4u(quad * 4u) + vec4u(0u, 1u, 2u, 3u);
  return select(vec4f(), vec4f(1.0), channels < vec4u(params.channels));
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let source = params.input_origin + id.y * params.input_pitch + id.x;
  let to = params.output_origin + id.y * params.output_pitch + id.x;
  let count = f32(params.channels);
  let quads = params.stored / 4u;
  var sum = vec4f();
  for (var quad = 0u; quad < quads; quad++) {
    sum += present(quad) * widen(input[source + quad * params.input_plane]);
  }
  let mean = dot(sum, vec4f(1.0)) / count;
  var squares = vec4f();
  for (var quad = 0u; quad < quads; quad++) {
    let difference = present(quad) * (widen(input[source + quad * params.input_plane]) - mean);
    squares += difference * difference;
  }
  let scale = inverseSqrt(dot(squares, vec4f(1.0)) / count + params.epsilon);
  for (var quad = 0u; quad < quads; quad++) {
    let value = (widen(input[source + quad * params.input_plane]) - mean) * scale;
    let normed = value * of_layer(quad * 4u) + of_layer(params.stored + quad * 4u);
    output[to + quad * params.output_plane] = narrow(normed);
  }
}
