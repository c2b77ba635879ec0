// The first step of the ladder (docs/convolution.md): a 3x3 convolution as it is written down, one
// invocation for one value of the output, every product with its own two loads.
//
//   input, output  [quad][row][column][4] of f32, with a border of one pixel
//   weights        [outBlock][input quad][4 out quads][ky][kx][4 in][4 out] of f32, then bias, slope
//
// Workgroup z is the output channel.

struct Params {
  input_origin: u32, // index of the pixel above and left of the first output pixel
  input_pitch: u32,
  input_plane: u32,
  quads: u32,
  output_origin: u32,
  output_pitch: u32,
  output_plane: u32,
  width: u32,
  height: u32,
  bias: u32, // index of the first bias, in vec4f
  slope: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let out_block = id.z / 16u;
  let out_quad = id.z / 4u % 4u;
  let out_lane = id.z % 4u;
  var sum = 0.0;
  for (var quad = 0u; quad < params.quads; quad++) {
    for (var tap = 0u; tap < 9u; tap++) {
      let row = id.y + tap / 3u;
      let column = id.x + tap % 3u;
      let pixel = params.input_origin + quad * params.input_plane + row * params.input_pitch + column;
      for (var lane = 0u; lane < 4u; lane++) {
        let block = (out_block * params.quads + quad) * 4u + out_quad;
        let weight = ((block * 9u + tap) * 4u + lane) * 4u + out_lane;
        sum += input[pixel * 4u + lane] * weights[weight];
      }
    }
  }
  sum += weights[params.bias * 4u + id.z];
  let slope = weights[params.slope * 4u + id.z];
  let at = params.output_origin + id.z / 4u * params.output_plane + id.y * params.output_pitch + id.x;
  output[at * 4u + out_lane] = select(sum * slope, sum, sum >= 0.0);
}
