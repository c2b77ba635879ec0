// Pixels to activations: RGB in 0..1, less a mean, with space-to-depth (pixel unshuffle) by `factor`.
//
//   pixels  [row][column] of SOURCE_DEPTH / 8 words (see shared/read_pixel.wgsl)
//   output  Quads, as shared/quads_*.wgsl has them; channel (c, dy, dx) = c * factor^2 + dy * factor + dx is
//           colour c of pixel (x * factor + dx, y * factor + dy), as in PyTorch's pixel_unshuffle
//
// One invocation computes one quad of one output pixel; workgroup z is the quad.
//
// In front of this file: shared/activations_*.wgsl, shared/quads_*.wgsl, shared/read_pixel.wgsl.

struct Params {
  pixel_pitch: u32, // pixels per row of `pixels`
  output_origin: u32, // index of the first output pixel
  output_pitch: u32,
  output_plane: u32,
  width: u32, // output pixels
  height: u32,
  factor: u32,
  mean_red: f32,
  mean_green: f32,
  mean_blue: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<Quad>;

const SOURCE_DEPTH = 8u;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let factor = params.factor;
  let mean = vec3f(params.mean_red, params.mean_green, params.mean_blue);
  var value = vec4f();
  for (var i = 0u; i < 4u; i++) {
    let channel = id.z * 4u + i;
    let phase = channel % (factor * factor);
    let source = id.xy * factor + vec2u(phase % factor, phase / factor);
    let rgb = read_pixel(source.y * params.pixel_pitch + source.x).rgb - mean;
    let which = channel / (factor * factor);
    if (which < 3u) {
      value[i] = rgb[which];
    }
  }
  let pixel = params.output_origin + id.y * params.output_pitch + id.x;
  output[quad_index(pixel, id.z, params.output_plane)] = narrow(value);
}
