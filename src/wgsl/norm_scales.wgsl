// Group norm over the picture, second of three: from moments to the scale and shift of each channel.
//
// One workgroup does one group, one thread one of its channels.
//
// The host keeps: a group has at most THREADS channels.
//
// In front of this file: shared/activations_*.wgsl, shared/norm_head.wgsl.

@group(0) @binding(1) var<storage, read_write> layer: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;

const THREADS = 64u;

var<workgroup> gathered: array<f32, THREADS>;

fn total() -> f32 {
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < params.group; i++) {
    sum += gathered[i];
  }
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(THREADS, 1, 1)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let mine = local < params.group;
  let channel = workgroup.x * params.group + min(local, params.group - 1u);
  let quad = channel / 4u;
  let pixels = f32(params.width) * f32(params.height);
  var sum = 0.0;
  var square = 0.0;
  for (var part = 0u; part < PARTS; part++) {
    let at = 4u * params.stored + (quad * PARTS + part) * 8u + channel % 4u;
    sum += layer[at];
    square += layer[at + 4u];
  }
  let first = widen(input[params.input_origin + quad * params.input_plane])[channel % 4u];
  let own = first + sum / pixels;
  gathered[local] = select(0.0, own, mine);
  let mean = total() / f32(params.group);
  let spread = max(square / pixels - sum / pixels * (sum / pixels), 0.0);
  let distance = own - mean;
  gathered[local] = select(0.0, spread + distance * distance, mine);
  let variance = total() / f32(params.group);
  if (mine) {
    let scale = layer[channel] * inverseSqrt(variance + params.epsilon);
    layer[2u * params.stored + channel] = scale;
    layer[3u * params.stored + channel] = layer[params.stored + channel] - mean * scale;
  }
}
