// Enlargement by learned positions (DySample, Liu et al., ICCV 2023), and a 1x1 convolution of what was
// sampled to three colours:
//   for each output pixel of a cell (a phase) and each group of input channels, the channels are sampled
//   between pixels at  cell + phase's own place + offsets / 2,  no farther out than the edge's pixels
//
// A tensor is [quad][row][column] of Quad (4 channels).
//   layer    of f32: weights [3][input channel], then bias [3]
//   offsets  channel (axis * groups + group) * factor^2 + phase, axis 0 along x; phase = dy * factor + dx
//   output   channel colour * factor^2 + phase, as a pixel shuffle reads it
//
// One invocation computes one quad of one cell; workgroup z is the quad.
//
// In front of this file: shared/activations_*.wgsl.

struct Params {
  input_origin: u32, // index of the first pixel
  input_pitch: u32,
  input_plane: u32,
  offsets_origin: u32,
  offsets_pitch: u32,
  offsets_plane: u32,
  output_origin: u32,
  output_pitch: u32,
  output_plane: u32,
  width: u32, // cells that hold values
  height: u32,
  channels: u32, // of the input
  groups: u32,
  factor: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> layer: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read> offsets: array<Quad>;
@group(0) @binding(4) var<storage, read_write> output: array<Quad>;

fn offset(cell: vec2u, channel: u32) -> f32 {
  let at = params.offsets_origin + cell.y * params.offsets_pitch + cell.x;
  return widen(offsets[at + channel / 4u * params.offsets_plane])[channel % 4u];
}

// Where a group's channels are sampled, in pixels of the input.
fn place(cell: vec2u, group: u32, phase: u32) -> vec2f {
  let phases = params.factor * params.factor;
  let inside = vec2f(vec2u(phase % params.factor, phase / params.factor));
  let own = (inside - 0.5 * f32(params.factor - 1u)) / f32(params.factor);
  let learned = vec2f(
    offset(cell, group * phases + phase),
    offset(cell, (params.groups + group) * phases + phase),
  );
  let edge = vec2f(vec2u(params.width, params.height) - 1u);
  return clamp(vec2f(cell) + own + 0.5 * learned, vec2f(), edge);
}

fn sample(colour: u32, cell: vec2u, phase: u32) -> f32 {
  let per_group = params.channels / params.groups;
  var sum = layer[3u * params.channels + colour];
  for (var group = 0u; group < params.groups; group++) {
    let spot = place(cell, group, phase);
    let near = vec2u(spot);
    let share = spot - vec2f(near);
    let far = min(near + 1u, vec2u(params.width, params.height) - 1u);
    let rows = params.input_origin + vec2u(near.y, far.y) * params.input_pitch;
    for (var k = 0u; k < per_group; k++) {
      let channel = group * per_group + k;
      let plane = channel / 4u * params.input_plane;
      let c = channel % 4u;
      let above = mix(
        widen(input[plane + rows.x + near.x])[c],
        widen(input[plane + rows.x + far.x])[c],
        share.x,
      );
      let below = mix(
        widen(input[plane + rows.y + near.x])[c],
        widen(input[plane + rows.y + far.x])[c],
        share.x,
      );
      sum += layer[colour * params.channels + channel] * mix(above, below, share.y);
    }
  }
  return sum;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let phases = params.factor * params.factor;
  var value = vec4f();
  for (var i = 0u; i < 4u; i++) {
    let channel = id.z * 4u + i;
    if (channel < 3u * phases) {
      value[i] = sample(channel / phases, id.xy, channel % phases);
    }
  }
  let at = params.output_origin + id.z * params.output_plane + id.y * params.output_pitch + id.x;
  output[at] = narrow(value);
}
