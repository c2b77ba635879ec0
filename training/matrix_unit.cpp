// One training step of SRVGGNetCompact on Intel's matrix unit (AMX): the loss of a batch and its gradients.
//
// It exists because a framework spends two thirds of such a step outside of the matrix unit. Here a picture stays in
// bfloat16 from the first layer to the last and back, each convolution ends with what follows it (bias, PReLU, or the
// PReLU's gradient), and nothing is rearranged but rows. matrix_unit.py compiles and calls it; test_training.py compares
// it with PyTorch's gradients.
//
// Pictures lie as [h + 2, w + 2, channels] with a border of zeros, so that a tile of 16 neighbouring pixels and 32
// channels is one load at any of the nine places of a 3x3 kernel. Sums are float32.

#include <immintrin.h>
#include <omp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace {

using bf16 = uint16_t;

constexpr int TILE = 16;          // rows of a tile; also its columns, in 32-bit numbers
constexpr int DEPTH = 32;         // bfloat16 numbers in a row of a tile
constexpr int BLOCK = 32;         // channels of a block: two tiles
constexpr int TAPS = 9;
constexpr int BAND = 4;           // picture rows whose weight gradient is summed before the sums go back to memory
constexpr int RING = 8;           // transposed rows that are kept: the band's and its two neighbours, and more
constexpr size_t HUGE_PAGE = 2 << 20;
constexpr float LUMA[3] = {0.299f, 0.587f, 0.114f};

int padded(int channels) { return (channels + BLOCK - 1) / BLOCK * BLOCK; }

// Zeroed memory in pages of 2 MB, where the system has them: a picture is read in short rows far apart.
template <class T>
class Buffer {
 public:
  explicit Buffer(size_t length = 0) : memory(nullptr, std::free), count(length) {
    if (!length) return;
    const size_t page = length * sizeof(T) < HUGE_PAGE ? 64 : HUGE_PAGE;
    const size_t bytes = (length * sizeof(T) + page - 1) / page * page;
    memory.reset(std::aligned_alloc(page, bytes));
    if (page == HUGE_PAGE) madvise(memory.get(), bytes, MADV_HUGEPAGE);
    clear();
  }
  T* data() const { return static_cast<T*>(memory.get()); }
  void clear() { std::memset(memory.get(), 0, count * sizeof(T)); }
  size_t size() const { return count; }

 private:
  std::unique_ptr<void, decltype(&std::free)> memory;
  size_t count = 0;
};

struct TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t column_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

bf16 round_to_bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

__m512 widen(__m256i half) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16)); }

void store_block(bf16* to, __m512 low, __m512 high) {
  _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

// Where the weight of input k and output o lies in the second factor of the matrix unit:
// [blocks of 32 outputs][taps][depth / 32][2][16 pairs][16 outputs][2]
size_t packed_place(int taps, int depth, int o, int k, int tap) {
  const size_t tile = ((size_t(o / BLOCK) * taps + tap) * (depth / DEPTH) + k / DEPTH) * 2 + o % BLOCK / TILE;
  return tile * DEPTH * TILE + (k % DEPTH / 2 * TILE + o % TILE) * 2 + k % 2;
}

// Tiles 0 to 3 hold sums, float [2][2][16][16]: of the first factors in tiles 4 and 5 with the second ones in 6 and 7.
void clear_sums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

void load_sums(const float* from) {
  _tile_loadd(0, from, 64);
  _tile_loadd(1, from + 256, 64);
  _tile_loadd(2, from + 512, 64);
  _tile_loadd(3, from + 768, 64);
}

void store_sums(float* to) {
  _tile_stored(0, to, 64);
  _tile_stored(1, to + 256, 64);
  _tile_stored(2, to + 512, 64);
  _tile_stored(3, to + 768, 64);
}

// Adds to the sums; strides in bfloat16 numbers.
inline void multiply(const bf16* a0, const bf16* a1, int a_stride, const bf16* b0, const bf16* b1, int b_stride) {
  _tile_loadd(4, a0, a_stride * 2);
  _tile_loadd(6, b0, b_stride * 2);
  _tile_loadd(7, b1, b_stride * 2);
  _tile_loadd(5, a1, a_stride * 2);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

// Sums of 2 x 16 pixels and 32 outputs from `taps` x `depth` inputs each, for a whole picture. `at(y, x, tap)` is where
// the 16 pixels from (y, x) on find their inputs, `stride` numbers apart; `finish(sums, y, x, block)` gets
// float [2 rows][2 halves][16 pixels][16 outputs].
template <class At, class Finish>
void convolve(const bf16* weights, int taps, int depth, int stride, int outputs, int height, int width, At at,
              Finish finish) {
  alignas(64) float sums[4 * TILE * TILE];
  const size_t block_weights = size_t(taps) * depth * BLOCK;
  for (int block = 0; block < outputs / BLOCK; block++)
    for (int y = 0; y < height; y += 2)
      for (int x = 0; x < width; x += TILE) {
        const bf16* b = weights + block * block_weights;
        clear_sums();
        for (int tap = 0; tap < taps; tap++) {
          const bf16 *upper = at(y, x, tap), *lower = at(y + 1, x, tap);
          for (int k = 0; k < depth; k += DEPTH, b += DEPTH * BLOCK)
            multiply(upper + k, lower + k, stride, b, b + DEPTH * TILE, DEPTH);
        }
        store_sums(sums);
        finish(sums, y, x, block);
      }
}

// The two halves of one pixel's 32 sums.
struct Halves {
  __m512 low, high;
  Halves(const float* sums, int row, int pixel)
      : low(_mm512_load_ps(sums + row * 512 + pixel * TILE)),
        high(_mm512_load_ps(sums + row * 512 + 256 + pixel * TILE)) {}
};

// Rows become columns: 16 x 16 numbers of 32 bits.
void transpose16(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
      r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
    }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
}

// 16 channels of two neighbouring pixels, side by side.
__m512i pair_of(__m256i even, __m256i odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

__m256i load16(const bf16* from) { return _mm256_loadu_si256((const __m256i*)from); }

__m512 prelu(__m512 value, __m512 slopes) {
  return _mm512_mask_mul_ps(value, _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_LT_OQ), value, slopes);
}

// PReLU of 32 numbers of one channel.
__m512i prelu(__m512i values, float slope) {
  const __m512i upper = _mm512_set1_epi32(0xffff0000), half = _mm512_set1_epi32(0x8000);
  const __m512 even = prelu((__m512)_mm512_slli_epi32(values, 16), _mm512_set1_ps(slope));
  const __m512 odd = prelu((__m512)_mm512_and_si512(values, upper), _mm512_set1_ps(slope));
  return _mm512_or_si512(_mm512_srli_epi32(_mm512_add_epi32((__m512i)even, half), 16),
                         _mm512_and_si512(_mm512_add_epi32((__m512i)odd, half), upper));
}

// [32 pixels, channels] -> [32 channels, stride], each through its PReLU.
void transpose_square(const bf16* from, int channels, const float* slopes, bf16* to, int stride, int ahead) {
  __m512i pairs[2][TILE];
  for (int i = 0; i < TILE; i++) {
    const bf16* pixel = from + 2 * i * channels;
    const __m512i even = _mm512_loadu_si512(pixel), odd = _mm512_loadu_si512(pixel + channels);
    pairs[0][i] = _mm512_unpacklo_epi16(even, odd);
    pairs[1][i] = _mm512_unpackhi_epi16(even, odd);
    _mm_prefetch(pixel + ahead, _MM_HINT_T1);
    _mm_prefetch(pixel + ahead + channels, _MM_HINT_T1);
  }
  for (int half = 0; half < 2; half++) {
    transpose16(pairs[half]);
    for (int i = 0; i < TILE; i++) {
      const int channel = i / 4 * 8 + half * 4 + i % 4;  // unpack takes 4 of 8 channels
      _mm512_storeu_si512(to + channel * stride, prelu(pairs[half][i], slopes[channel]));
    }
  }
}

// [pixels, channels] -> [channels, stride], each channel through its PReLU; reads `ahead` numbers ahead into the cache.
void transpose_row(const bf16* from, int pixels, int channels, const float* slopes, bf16* to, int stride, int ahead) {
  int x = 0;
  for (; x + DEPTH <= pixels; x += DEPTH)
    for (int c = 0; c < channels; c += BLOCK)
      transpose_square(from + x * channels + c, channels, slopes + c, to + c * stride + x, stride, ahead);
  for (; x < pixels; x++)
    for (int c = 0; c < channels; c += TILE) {
      alignas(32) bf16 values[TILE];
      const __m512 slope = _mm512_loadu_ps(slopes + c);
      _mm256_store_si256((__m256i*)values,
                         (__m256i)_mm512_cvtneps_pbh(prelu(widen(load16(from + x * channels + c)), slope)));
      for (int i = 0; i < TILE; i++) to[(c + i) * stride + x] = values[i];
    }
}

// Network, batch and where everything lies.
struct Shape {
  int features, convs, outputs, height, width;
  int row() const { return width + 2; }
  int area() const { return (height + 2) * row(); }
  int last() const { return padded(outputs); }
  int span() const { return width + 8; }  // length of a row of transposed inputs
};

struct Packed {
  std::vector<Buffer<bf16>> forward, backward;  // by layer; backward starts at layer 1
};

// What one thread works with: one picture at a time, and its share of the gradients.
struct Worker {
  Shape shape;
  std::vector<Buffer<bf16>> before;     // each PReLU
  Buffer<bf16> after[2];                // the last two PReLUs
  Buffer<bf16> columns;                 // the first layer's inputs, [h * w, 32]
  Buffer<bf16> change[2], last_change;  // gradients of what comes before a PReLU
  Buffer<float> found;                  // the last layer's outputs, [h * w, last]
  Buffer<bf16> transposed, paired;      // a band of inputs and of gradients, as the matrix unit wants them
  std::vector<Buffer<float>> weight, bias, slope;
  double loss = 0;

  explicit Worker(const Shape& s)
      : shape(s), columns(size_t(s.height) * s.width * DEPTH), last_change(size_t(s.area()) * s.last()),
        found(size_t(s.height) * s.width * s.last()),
        transposed(size_t(RING) * s.features * s.span()),
        paired(size_t(BAND) * s.width * std::max(s.features, s.last())) {
    for (auto& each : change) each = Buffer<bf16>(size_t(s.area()) * s.features);
    for (auto& each : after) each = Buffer<bf16>(size_t(s.area()) * s.features);
    for (int layer = 0; layer <= s.convs; layer++) {
      before.emplace_back(size_t(s.area()) * s.features);
      slope.emplace_back(s.features);
    }
    for (int layer = 0; layer <= s.convs + 1; layer++) {
      const int outputs = layer <= s.convs ? s.features : s.last();
      weight.emplace_back(size_t(layer ? TAPS * s.features : DEPTH) * outputs);
      bias.emplace_back(outputs);
    }
  }

  void clear() {
    loss = 0;
    for (auto* all : {&weight, &bias, &slope})
      for (auto& each : *all) each.clear();
  }

  size_t place(int y, int x, int channels) const { return (size_t(y + 1) * shape.row() + x + 1) * channels; }

  // small [h, w, 3] -> [h * w, 32]: the 27 inputs of each pixel, in the order of the weights [3, 3, 3].
  void gather(const uint8_t* small) {
    for (int y = 0; y < shape.height; y++)
      for (int x = 0; x < shape.width; x++) {
        bf16* to = columns.data() + (size_t(y) * shape.width + x) * DEPTH;
        for (int c = 0; c < 3; c++)
          for (int tap = 0; tap < TAPS; tap++) {
            const int sy = y + tap / 3 - 1, sx = x + tap % 3 - 1;
            const bool inside = sy >= 0 && sy < shape.height && sx >= 0 && sx < shape.width;
            *to++ = inside ? round_to_bf16(small[(sy * shape.width + sx) * 3 + c] / 255.0f) : 0;
          }
      }
  }

  // Layer 0 reads `columns`, every other one the picture after the PReLU before it.
  template <class Finish>
  void layer_forward(int layer, const Packed& packed, int outputs, Finish finish) {
    const int features = shape.features, row = shape.row(), width = shape.width;
    if (layer == 0) {
      const bf16* from = columns.data();
      auto at = [=](int y, int x, int) { return from + (size_t(y) * width + x) * DEPTH; };
      convolve(packed.forward[0].data(), 1, DEPTH, DEPTH, outputs, shape.height, width, at, finish);
    } else {
      convolve(packed.forward[layer].data(), TAPS, features, features, outputs, shape.height, width,
               around(after[(layer - 1) % 2].data(), row, features), finish);
    }
  }

  static auto around(const bf16* from, int row, int channels) {
    return [=](int y, int x, int tap) { return from + (size_t(y + tap / 3) * row + x + tap % 3) * channels; };
  }

  void hidden_forward(int layer, const Packed& packed, const float* biases, const float* slopes) {
    const int features = shape.features;
    layer_forward(layer, packed, features, [&](const float* sums, int y, int x, int block) {
      const int channel = block * BLOCK;
      const __m512 b0 = _mm512_loadu_ps(biases + channel), b1 = _mm512_loadu_ps(biases + channel + TILE);
      const __m512 s0 = _mm512_loadu_ps(slopes + channel), s1 = _mm512_loadu_ps(slopes + channel + TILE);
      for (int r = 0; r < 2; r++)
        for (int p = 0; p < TILE; p++) {
          const Halves sum(sums, r, p);
          const __m512 v0 = _mm512_add_ps(sum.low, b0), v1 = _mm512_add_ps(sum.high, b1);
          const size_t to = place(y + r, x + p, features) + channel;
          store_block(before[layer].data() + to, v0, v1);
          store_block(after[layer % 2].data() + to, prelu(v0, s0), prelu(v1, s1));
        }
    });
  }

  void last_forward(const Packed& packed, const float* biases) {
    const int last = shape.last();
    layer_forward(shape.convs + 1, packed, last, [&](const float* sums, int y, int x, int block) {
      const __m512 b0 = _mm512_loadu_ps(biases + block * BLOCK), b1 = _mm512_loadu_ps(biases + block * BLOCK + TILE);
      for (int r = 0; r < 2; r++)
        for (int p = 0; p < TILE; p++) {
          const Halves sum(sums, r, p);
          float* to = found.data() + (size_t(y + r) * shape.width + x + p) * last + block * BLOCK;
          _mm512_store_ps(to, _mm512_add_ps(sum.low, b0));
          _mm512_store_ps(to + TILE, _mm512_add_ps(sum.high, b1));
        }
    });
  }

  // The error's mean, absolute or squared, half of it the luma's, and its gradient. large [h, w, outputs].
  void compare(const uint8_t* small, const uint8_t* large, float luma_share, bool squared, float pictures) {
    const int parts = shape.outputs / 3, last = shape.last();
    const float numbers = pictures * shape.height * shape.width * parts;
    const float colour_weight = (1 - luma_share) / (3 * numbers), luma_weight = luma_share / numbers;
    float error[3];
    float* biases = bias[shape.convs + 1].data();
    for (int y = 0; y < shape.height; y++)
      for (int x = 0; x < shape.width; x++) {
        const size_t pixel = size_t(y) * shape.width + x;
        const float* out = found.data() + pixel * last;
        const uint8_t* wanted = large + pixel * shape.outputs;
        bf16* to = last_change.data() + place(y, x, last);
        float sum = 0;
        for (int part = 0; part < parts; part++) {
          float luma = 0;
          for (int c = 0; c < 3; c++) {
            const int missing = int(wanted[c * parts + part]) - int(small[pixel * 3 + c]);
            error[c] = out[c * parts + part] - missing * (1 / 255.0f);
            luma += LUMA[c] * error[c];
          }
          const float luma_slope = luma_weight * (squared ? 2 * luma : std::copysign(1.0f, luma));
          sum += luma_weight * (squared ? luma * luma : std::fabs(luma));
          for (int c = 0; c < 3; c++) {
            const float e = error[c];
            const float slope_here =
                colour_weight * (squared ? 2 * e : std::copysign(1.0f, e)) + LUMA[c] * luma_slope;
            sum += colour_weight * (squared ? e * e : std::fabs(e));
            biases[c * parts + part] += slope_here;
            to[c * parts + part] = round_to_bf16(slope_here);
          }
        }
        loss += sum;
      }
  }

  // From the gradient before PReLU `layer` to that before PReLU `layer - 1`.
  void hidden_backward(int layer, const Packed& packed, const float* slopes, const bf16* from, int channels, bf16* to) {
    const int features = shape.features;
    float *bias_sums = bias[layer - 1].data(), *slope_sums = slope[layer - 1].data();
    const bf16* value = before[layer - 1].data();
    convolve(packed.backward[layer].data(), TAPS, channels, channels, features, shape.height, shape.width,
             around(from, shape.row(), channels), [&](const float* sums, int y, int x, int block) {
      const int channel = block * BLOCK;
      const __m512 zero = _mm512_setzero_ps();
      __m512 slope_of[2], bias_sum[2], slope_sum[2];
      for (int half = 0; half < 2; half++) {
        slope_of[half] = _mm512_loadu_ps(slopes + channel + half * TILE);
        bias_sum[half] = _mm512_load_ps(bias_sums + channel + half * TILE);
        slope_sum[half] = _mm512_load_ps(slope_sums + channel + half * TILE);
      }
      for (int r = 0; r < 2; r++)
        for (int p = 0; p < TILE; p++) {
          const Halves sum(sums, r, p);
          __m512 gradient[2] = {sum.low, sum.high};
          const size_t at = place(y + r, x + p, features) + channel;
          for (int half = 0; half < 2; half++) {
            const __m512 v = widen(_mm256_load_si256((const __m256i*)(value + at + half * TILE)));
            const __mmask16 negative = _mm512_cmp_ps_mask(v, zero, _CMP_LT_OQ);
            slope_sum[half] = _mm512_mask3_fmadd_ps(gradient[half], v, slope_sum[half], negative);
            gradient[half] = _mm512_mask_mul_ps(gradient[half], negative, gradient[half], slope_of[half]);
            bias_sum[half] = _mm512_add_ps(bias_sum[half], gradient[half]);
          }
          store_block(to + at, gradient[0], gradient[1]);
        }
      for (int half = 0; half < 2; half++) {
        _mm512_store_ps(bias_sums + channel + half * TILE, bias_sum[half]);
        _mm512_store_ps(slope_sums + channel + half * TILE, slope_sum[half]);
      }
    });
  }

  // Adds inputs^T x gradient to a layer's weight sums: [depth / 32][outputs / 32][taps][2 x 2][16 inputs][16 outputs].
  // `slopes`: of the PReLU that the inputs went through.
  void weigh(int layer, const float* slopes, const bf16* from, int channels) {
    const int depth = layer ? shape.features : DEPTH, taps = layer ? TAPS : 1, border = layer ? 2 : 0;
    const int pixels = shape.width + border;
    const bf16* inputs = layer ? before[layer - 1].data() : columns.data();
    for (int top = 0; top < shape.height; top += BAND) {
      for (int y = top ? top + border : 0; y < top + BAND + border; y++)
        transpose_row(inputs + size_t(y) * pixels * depth, pixels, depth, slopes, row_of_inputs(y), shape.span(),
                      BAND * pixels * depth);
      for (int y = 0; y < BAND; y++) pair_row(from + place(top + y, 0, channels), channels, y);
      float* sums = weight[layer].data();
      for (int i = 0; i < depth; i += BLOCK)
        for (int o = 0; o < channels; o += BLOCK)
          for (int tap = 0; tap < taps; tap++, sums += 4 * TILE * TILE) weigh_band(top, i, o, tap, sums);
    }
  }

  bf16* row_of_inputs(int y) const { return transposed.data() + size_t(y % RING) * shape.features * shape.span(); }

  // Where the gradients of a block of channels lie, of one row of the band: [w / 2, 32, 2]
  bf16* row_of_changes(int block, int y) const {
    return paired.data() + (size_t(block) * BAND + y) * shape.width * BLOCK;
  }

  // [w, channels] -> [blocks][w / 2, 32, 2]
  void pair_row(const bf16* from, int channels, int y) {
    for (int c = 0; c < channels; c += TILE) {
      bf16* to = row_of_changes(c / BLOCK, y) + c % BLOCK * 2;
      for (int x = 0; x < shape.width; x += 2, to += 2 * BLOCK)
        _mm512_store_si512(to, pair_of(load16(from + x * channels + c), load16(from + (x + 1) * channels + c)));
    }
  }

  // Inputs from `input` on, outputs from `output` on.
  void weigh_band(int top, int input, int output, int tap, float* sums) {
    const int span = shape.span();
    load_sums(sums);
    for (int y = 0; y < BAND; y++) {
      const bf16 *a = row_of_inputs(top + y + tap / 3) + input * span + tap % 3, *b = row_of_changes(output / BLOCK, y);
      for (int x = 0; x < shape.width; x += DEPTH, a += DEPTH, b += DEPTH * BLOCK)
        multiply(a, a + TILE * span, span, b, b + 2 * TILE, 2 * BLOCK);
    }
    store_sums(sums);
  }
};

// Where a layer's numbers begin in the flat array of all parameters, in the order of the network's names.
struct Layout {
  std::vector<size_t> weight, bias, slope;
  explicit Layout(const Shape& s) {
    size_t at = 0;
    for (int layer = 0; layer <= s.convs + 1; layer++) {
      const int inputs = layer ? s.features : 3, outputs = layer <= s.convs ? s.features : s.outputs;
      weight.push_back(at), at += size_t(outputs) * inputs * TAPS;
      bias.push_back(at), at += outputs;
      slope.push_back(at), at += layer <= s.convs ? s.features : 0;
    }
  }
};

struct Trainer {
  Shape shape;
  Layout layout;
  Packed packed;
  std::vector<std::unique_ptr<Worker>> workers;

  Trainer(const Shape& s, int threads) : shape(s), layout(s) {
    for (int layer = 0; layer <= s.convs + 1; layer++) {
      const int outputs = layer <= s.convs ? s.features : s.last();
      packed.forward.emplace_back(size_t(layer ? TAPS * s.features : DEPTH) * outputs);
      packed.backward.emplace_back(layer ? size_t(TAPS) * s.features * outputs : 0);
    }
    for (int i = 0; i < threads; i++) workers.push_back(std::make_unique<Worker>(s));
  }

  void pack_layer(int layer, const float* parameters) {
    const float* w = parameters + layout.weight[layer];
    const int features = shape.features, outputs = layer <= shape.convs ? features : shape.outputs;
    const int inputs = layer ? features : 3 * TAPS, taps = layer ? TAPS : 1, wide = padded(outputs);
    bf16 *forward = packed.forward[layer].data(), *backward = packed.backward[layer].data();
    for (int o = 0; o < outputs; o++)
      for (int k = 0; k < inputs; k++)
        for (int tap = 0; tap < taps; tap++) {
          const bf16 value = round_to_bf16(*w++);
          forward[packed_place(taps, padded(inputs), o, k, tap)] = value;
          if (layer) backward[packed_place(TAPS, wide, k, o, TAPS - 1 - tap)] = value;
        }
  }

  void picture(Worker& worker, const float* parameters, const uint8_t* small, const uint8_t* large, float luma_share,
               bool squared, int pictures) {
    const int end = shape.convs + 1;
    worker.gather(small);
    for (int layer = 0; layer < end; layer++)
      worker.hidden_forward(layer, packed, parameters + layout.bias[layer], parameters + layout.slope[layer]);
    std::vector<float> last_bias(shape.last(), 0.0f);
    std::memcpy(last_bias.data(), parameters + layout.bias[end], shape.outputs * sizeof(float));
    worker.last_forward(packed, last_bias.data());
    worker.compare(small, large, luma_share, squared, pictures);
    const bf16* from = worker.last_change.data();
    int channels = shape.last();
    for (int layer = end; layer > 0; layer--) {
      const float* slopes = parameters + layout.slope[layer - 1];
      worker.weigh(layer, slopes, from, channels);
      bf16* to = worker.change[layer % 2].data();
      worker.hidden_backward(layer, packed, slopes, from, channels, to);
      from = to, channels = shape.features;
    }
    const std::vector<float> unchanged(DEPTH, 1.0f);
    worker.weigh(0, unchanged.data(), from, channels);
  }

  // Adds the workers' sums up and puts them into the order of the parameters.
  void collect(int layer, float* gradients) {
    const int outputs = layer <= shape.convs ? shape.features : shape.outputs, blocks = padded(outputs) / BLOCK;
    const int inputs = layer ? shape.features : 3 * TAPS, taps = layer ? TAPS : 1;
    float* to = gradients + layout.weight[layer];
    for (int o = 0; o < outputs; o++)
      for (int k = 0; k < inputs; k++)
        for (int tap = 0; tap < taps; tap++) {
          const size_t block = (size_t(k / BLOCK) * blocks + o / BLOCK) * taps + tap;
          const size_t tile = block * 4 + k % BLOCK / TILE * 2 + o % BLOCK / TILE;
          *to++ = total(&Worker::weight, layer, (tile * TILE + k % TILE) * TILE + o % TILE);
        }
    for (int o = 0; o < outputs; o++) {
      gradients[layout.bias[layer] + o] = total(&Worker::bias, layer, o);
      if (layer <= shape.convs) gradients[layout.slope[layer] + o] = total(&Worker::slope, layer, o);
    }
  }

  float total(std::vector<Buffer<float>> Worker::*sums, int layer, size_t index) const {
    float sum = 0;
    for (auto& worker : workers) sum += ((*worker).*sums)[layer].data()[index];
    return sum;
  }
};

constexpr int ARCH_REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;

}  // namespace

extern "C" {

// Asks the system for the matrix unit's registers; 0 if it has them.
int matrix_unit_open() { return syscall(SYS_arch_prctl, ARCH_REQUEST_PERMISSION, TILE_DATA) ? -1 : 0; }

void* matrix_unit_create(int features, int convs, int outputs, int height, int width, int threads) {
  return new Trainer({features, convs, outputs, height, width}, threads);
}

// parameters and gradients: all of the network's, flat. small [n, h, w, 3], large [n, h, w, outputs]. Returns the loss.
double matrix_unit_step(void* handle, const float* parameters, float* gradients, const uint8_t* small,
                        const uint8_t* large, int pictures, float luma_share, int squared) {
  Trainer& trainer = *static_cast<Trainer*>(handle);
  const Shape& shape = trainer.shape;
  const size_t pixels = size_t(shape.height) * shape.width;
  double loss = 0;
#pragma omp parallel num_threads(int(trainer.workers.size()))
  {
    const TileConfig config;
    _tile_loadconfig(&config);
    Worker& worker = *trainer.workers[omp_get_thread_num()];
    worker.clear();
#pragma omp for schedule(dynamic)
    for (int layer = 0; layer <= shape.convs + 1; layer++) trainer.pack_layer(layer, parameters);
#pragma omp for schedule(dynamic)
    for (int i = 0; i < pictures; i++)
      trainer.picture(worker, parameters, small + i * pixels * 3, large + i * pixels * shape.outputs, luma_share,
                      squared, pictures);
#pragma omp for schedule(dynamic)
    for (int layer = 0; layer <= shape.convs + 1; layer++) trainer.collect(layer, gradients);
    _tile_release();
  }
  for (auto& worker : trainer.workers) loss += worker->loss;
  return loss;
}
}
