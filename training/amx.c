/* An SRResNetCompact's `missing`, its errors, and its gradients, on a processor with AMX: what `amx.py` compiles and calls.
 *
 * Each crop goes through the whole network by itself, so that its activations stay in the cache. A crop is an image of
 * pixels with a border of one: W = w + 2 columns, h + 2 rows, and pixel q = y * W + x; a tap of a 3x3 convolution is
 * then an offset in q. Features are padded to 32, one cache line of bfloat16 for each pixel; a tile of 16 pixels times a
 * tile of weights is one instruction. Products are of bfloat16, sums and skips are float32.
 */

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHANNELS 32
#define GROUP 16 /* outputs of one tile */
#define BLOCK 384 /* pixels whose weight gradients are summed before the next: what the first cache holds */

typedef uint16_t bf16;

typedef struct {
  int count;           /* crops */
  int height, width;   /* of a crop */
  int features, blocks, convs;
  int outputs;         /* 3 * scale^2, at most 64 */
  int columns, first, end, room; /* row pitch; the first pixel inside and the one after the last; pixels with guards */
  int layers;          /* conv_first, those of the blocks, conv_body, conv_last */
  bf16 *forward, *backward; /* packed weights, PACK of each layer; those of conv_last are twice as wide */
  float *bias;         /* [layers][64] */
  bf16 *activations;   /* [count][layers][room][32]: the input of each layer */
  bf16 *slopes;        /* [count][layers][room][32]: the derivative of the activation after each layer */
  float *stream, *skip; /* [room][32] of the crop at work */
  float *raw;          /* [2][32][64], a convolution's sums before what follows */
  bf16 *error, *error_before; /* [2][room][32] */
  bf16 *across;        /* [32][room], an activation by channels */
  bf16 *pairs;         /* [4][room / 2][16][2], an error by pairs of pixels */
  float *sums;         /* [layers][9][32][64], gradients of the weights */
  float *bias_sums;    /* [layers][64] */
  uint8_t *inside;     /* [room] */
} Trunk;

#define PACK (9 * 2 * 4 * 512) /* bf16 of one layer's packed weights: taps, chunks of 32 inputs, groups of 16 outputs */

/* Tiles 0 to 3 are sums, 4 and 5 pixels, 6 and 7 weights; all are 16 rows of 64 bytes. */
static void configure(void) {
  uint8_t shape[64] __attribute__((aligned(64))) = {1};
  for (int tile = 0; tile < 8; tile++) {
    shape[16 + 2 * tile] = 64;
    shape[48 + tile] = 16;
  }
  _tile_loadconfig(shape);
}

/* 0 if the system lets this process use the tiles. */
int tessera_permit(void) { return (int)syscall(SYS_arch_prctl, 0x1023, 18); }

static void *zeroed(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  memset(memory, 0, (bytes + 63) / 64 * 64);
  return memory;
}

static bf16 rounded(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float widened(bf16 value) {
  uint32_t bits = (uint32_t)value << 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

Trunk *tessera_open(int count, int height, int width, int features, int blocks, int convs, int outputs) {
  Trunk *t = zeroed(sizeof *t);
  t->count = count, t->height = height, t->width = width;
  t->features = features, t->blocks = blocks, t->convs = convs, t->outputs = outputs;
  t->columns = width + 2;
  int guard = (t->columns + 1 + 63) / 64 * 64;
  t->first = guard + t->columns;
  t->end = t->first + height * t->columns;
  t->room = (t->end + t->columns + guard + 2 * BLOCK + 63) / 64 * 64 + 32; /* no multiple of 2 KiB */
  t->layers = 2 + blocks * convs + 1;
  size_t plane = (size_t)t->room * CHANNELS;
  t->forward = zeroed(t->layers * (size_t)PACK * 2);
  t->backward = zeroed(t->layers * (size_t)PACK * 2);
  t->bias = zeroed(t->layers * 64 * 4);
  t->activations = zeroed(count * t->layers * plane * 2);
  t->slopes = zeroed(count * t->layers * plane * 2);
  t->stream = zeroed(plane * 4), t->skip = zeroed(plane * 4);
  t->raw = zeroed(2 * 32 * 64 * 4);
  t->error = zeroed(2 * plane * 2), t->error_before = zeroed(2 * plane * 2);
  t->across = zeroed(plane * 2), t->pairs = zeroed(2 * plane * 2);
  t->sums = zeroed(t->layers * (size_t)9 * 32 * 64 * 4);
  t->bias_sums = zeroed(t->layers * 64 * 4);
  t->inside = zeroed(t->room);
  for (int y = 0; y < height; y++) memset(t->inside + t->first + y * t->columns + 1, 1, width);
  return t;
}

void tessera_close(Trunk *t) {
  void *all[] = {t->forward, t->backward, t->bias, t->activations, t->slopes, t->stream, t->skip, t->raw, t->error,
                 t->error_before, t->across, t->pairs, t->sums, t->bias_sums, t->inside, t};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static int inputs_of(const Trunk *t, int layer) { return layer == 0 ? 3 : t->features; }
static int outputs_of(const Trunk *t, int layer) { return layer == t->layers - 1 ? t->outputs : t->features; }
static int groups_of(int channels) { return channels <= CHANNELS ? 2 : (channels + GROUP - 1) / GROUP; }
static int chunks_of(int channels) { return (channels + CHANNELS - 1) / CHANNELS; }

/* The place of a weight in a packed layer: tap, chunk of 32 inputs, group of 16 outputs, pairs of inputs. */
static size_t place(int tap, int input, int output) {
  return (((size_t)(tap * 2 + input / 32) * 4 + output / 16) * 16 + input % 32 / 2) * 32 + output % 16 * 2 + input % 2;
}

/* Weights [out][in][3][3] of every layer -> packed, as they are, and exchanged and turned by 180 degrees. */
static void pack(Trunk *t, const float *const *weights, const float *const *biases) {
  for (int layer = 0; layer < t->layers; layer++) {
    int inputs = inputs_of(t, layer), outputs = outputs_of(t, layer);
    bf16 *forward = t->forward + (size_t)layer * PACK, *backward = t->backward + (size_t)layer * PACK;
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        for (int tap = 0; tap < 9; tap++) {
          bf16 weight = rounded(weights[layer][(o * inputs + i) * 9 + tap]);
          forward[place(tap, i, o)] = weight;
          if (layer == 0) forward[place(tap, i + 3, o)] = weight; /* the lower bits of the input */
          backward[place(8 - tap, o, i)] = weight;
        }
      }
      t->bias[layer * 64 + o] = biases[layer][o];
    }
  }
}

#define ALWAYS static inline __attribute__((always_inline))

/* What a pass over a crop needs beside the sums: see `Finish`. */
typedef struct {
  Trunk *t;
  int kind, group;        /* of outputs, the first */
  const float *bias;      /* from that group on */
  bf16 *output, *slopes;
  float *missing;         /* of the last layer: the result */
  __m512 sum[2];
} Pass;

/* What is done with the sums of pixels `begin` to `end` of the 32 from q on. */
typedef void Finish(Pass *pass, const float *raw, int q, int begin, int end);

ALWAYS void zero_sums(void) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

/* Adds 32 pixels times a tap's weights of 32 inputs and 32 outputs. */
ALWAYS void add_tap(const bf16 *pixels, const bf16 *weights) {
  _tile_loadd(4, pixels, 64);
  _tile_loadd(6, weights, 64);
  _tile_dpbf16ps(0, 4, 6);
  _tile_loadd(7, weights + 512, 64);
  _tile_dpbf16ps(1, 4, 7);
  _tile_loadd(5, pixels + 16 * CHANNELS, 64);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

ALWAYS void store_sums(float *raw) {
  _tile_stored(0, raw, 256);
  _tile_stored(1, raw + GROUP, 256);
  _tile_stored(2, raw + 16 * 64, 256);
  _tile_stored(3, raw + 16 * 64 + GROUP, 256);
}

ALWAYS int offset_of(const Trunk *t, int tap) { return (tap / 3 - 1) * t->columns + tap % 3 - 1; }

/* A convolution of `chunks` planes of 32 inputs, for 32 outputs, over a crop. While the tiles work on
 * 32 pixels, the vectors finish the 32 before: those ahead of the first are outside. */
ALWAYS void sweep(Pass *pass, const bf16 *input, int chunks, const bf16 *packed, Finish *finish) {
  const Trunk *t = pass->t;
  float *raw = t->raw, *before = raw + 32 * 64;
  int q = t->first;
  for (; q < t->end; q += 32) {
    zero_sums();
    for (int chunk = 0; chunk < chunks; chunk++) {
      for (int tap = 0; tap < 9; tap++) {
        const bf16 *pixels = input + ((size_t)chunk * t->room + q + offset_of(t, tap)) * CHANNELS;
        add_tap(pixels, packed + ((size_t)(tap * 2 + chunk) * 4 + pass->group) * 512);
        if (chunk == 0 && tap < 8) finish(pass, before, q - 32, 4 * tap, 4 * tap + 4);
      }
    }
    float *free = before;
    before = raw, raw = free;
    store_sums(before);
  }
  finish(pass, before, q - 32, 0, 32);
}

static inline __m512 exponential(__m512 x) {
  __m512 y = _mm512_mul_ps(_mm512_min_ps(x, _mm512_set1_ps(80)), _mm512_set1_ps(1.44269504f));
  __m512 whole = _mm512_roundscale_ps(y, 0), part = _mm512_sub_ps(y, whole);
  __m512 sum = _mm512_set1_ps(0.00961813f); /* Taylor's series of 2^part, |part| <= 1/2 */
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(0.05550411f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(0.24022651f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(0.69314718f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(1));
  return _mm512_scalef_ps(sum, whole);
}

/* SiLU and its derivative, to 13 bits: those of bfloat16 are 8. */
static inline __m512 silu(__m512 x, __m512 *slope) {
  __m512 one = _mm512_set1_ps(1);
  __m512 sigmoid = _mm512_rcp14_ps(_mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))));
  *slope = _mm512_mul_ps(sigmoid, _mm512_fmadd_ps(x, _mm512_sub_ps(one, sigmoid), one));
  return _mm512_mul_ps(x, sigmoid);
}

static inline void store_bf16(bf16 *to, __m512 low, __m512 high) {
  _mm512_store_si512(to, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

static inline __m512 load_bf16(const bf16 *from) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_load_si256((const __m256i *)from)), 16));
}

enum { FIRST, INNER, LAST, BODY };

/* Bias and what follows a layer of 32 outputs, by `kind`. */
ALWAYS void finish_forward(Pass *pass, const float *raw, int q, int begin, int end) {
  Trunk *t = pass->t;
  int kind = pass->kind;
  for (int p = begin; p < end; p++) {
    size_t at = (size_t)(q + p) * CHANNELS;
    if (!t->inside[q + p]) continue;
    __m512 value[2], slope[2];
    for (int half = 0; half < 2; half++) {
      size_t here = at + 16 * half;
      value[half] = _mm512_add_ps(_mm512_load_ps(raw + p * 64 + 16 * half), _mm512_load_ps(pass->bias + 16 * half));
      if (kind == INNER || kind == LAST) value[half] = silu(value[half], &slope[half]);
      if (kind == LAST) value[half] = _mm512_add_ps(value[half], _mm512_load_ps(t->stream + here));
      if (kind == BODY) value[half] = _mm512_add_ps(value[half], _mm512_load_ps(t->skip + here));
      if (kind == FIRST) _mm512_store_ps(t->skip + here, value[half]);
      if (kind == FIRST || kind == LAST) _mm512_store_ps(t->stream + here, value[half]);
    }
    store_bf16(pass->output + at, value[0], value[1]);
    if (kind == INNER || kind == LAST) store_bf16(pass->slopes + at, slope[0], slope[1]);
  }
}

static void layer_forward(Trunk *t, const bf16 *input, int layer, int kind, bf16 *output, bf16 *slopes) {
  Pass pass = {.t = t, .kind = kind, .bias = t->bias + layer * 64, .output = output, .slopes = slopes};
  sweep(&pass, input, 1, t->forward + (size_t)layer * PACK, finish_forward);
}

/* Bias of the last layer's outputs from `group` on, which are the result. */
ALWAYS void finish_last(Pass *pass, const float *raw, int q, int begin, int end) {
  Trunk *t = pass->t;
  int first = pass->group * GROUP, count = t->outputs - first < 32 ? t->outputs - first : 32;
  for (int p = begin; p < end; p++) {
    if (!t->inside[q + p]) continue;
    int y = (q + p - t->first) / t->columns, x = (q + p - t->first) % t->columns - 1;
    float *to = pass->missing + ((size_t)y * t->width + x) * t->outputs + first;
    for (int o = 0; o < count; o++) to[o] = raw[p * 64 + o] + pass->bias[o];
  }
}

/* The last layer: float32 [height][width][outputs]. */
static void last_forward(Trunk *t, const bf16 *input, float *missing) {
  int layer = t->layers - 1, groups = groups_of(t->outputs);
  for (int group = 0; group < groups; group += 2) {
    Pass pass = {.t = t, .group = group, .bias = t->bias + layer * 64 + group * GROUP, .missing = missing};
    sweep(&pass, input, 1, t->forward + (size_t)layer * PACK, finish_last);
  }
}

static bf16 *plane_of(const Trunk *t, bf16 *planes, int crop, int layer) {
  return planes + ((size_t)crop * t->layers + layer) * t->room * CHANNELS;
}

/* RGB in 0..1, [3][height][width] -> a plane whose channels 0 to 2 are the upper bits, 3 to 5 the lower. */
static void take_input(const Trunk *t, const float *small, bf16 *plane) {
  for (int c = 0; c < 3; c++) {
    for (int y = 0; y < t->height; y++) {
      for (int x = 0; x < t->width; x++) {
        float value = small[((size_t)c * t->height + y) * t->width + x];
        bf16 *pixel = plane + (size_t)(t->first + y * t->columns + x + 1) * CHANNELS;
        pixel[c] = rounded(value);
        pixel[c + 3] = rounded(value - widened(pixel[c]));
      }
    }
  }
}

/* small [count][3][height][width] -> missing [count][height][width][outputs]; keeps what the gradients need. */
void tessera_forward(Trunk *t, const float *small, const float *const *weights, const float *const *biases,
                     float *missing) {
  configure();
  pack(t, weights, biases);
  size_t pixels = (size_t)t->height * t->width;
  for (int crop = 0; crop < t->count; crop++) {
    bf16 *input = plane_of(t, t->activations, crop, 0);
    take_input(t, small + crop * 3 * pixels, input);
    for (int layer = 0; layer < t->layers - 1; layer++) {
      int step = (layer - 1) % t->convs;
      int kind = layer == 0 ? FIRST : layer == t->layers - 2 ? BODY : step == t->convs - 1 ? LAST : INNER;
      bf16 *output = plane_of(t, t->activations, crop, layer + 1);
      layer_forward(t, input, layer, kind, output, plane_of(t, t->slopes, crop, layer));
      input = output;
    }
    last_forward(t, input, missing + crop * pixels * t->outputs);
  }
  _tile_release();
}

static const float LUMA[3] = {0.299f, 0.587f, 0.114f};

static inline float size_of(float error, int power) { return power == 1 ? fabsf(error) : error * error; }

static float sum_of(const float *values, int count) {
  float sum = 0;
  for (int k = 0; k < count; k++) sum += values[k];
  return sum;
}

/* One crop of `tessera_compare`. Sums are kept by place within an input pixel, which the compiler makes one vector. */
static inline void compare_crop(const Trunk *t, const float *small, const float *large, int scale, int power,
                                float *missing, float *means) {
  int places = scale * scale, pitch = t->width * scale;
  size_t pixels = (size_t)t->height * t->width;
  float colours[16] = {0}, lumas[16] = {0};
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    size_t corner = pixel / t->width * scale * pitch + pixel % t->width * scale;
    float luma[16] = {0}, *at = missing + pixel * 3 * places;
    for (int c = 0; c < 3; c++) {
      const float *wanted = large + c * pixels * places + corner;
      float base = small[c * pixels + pixel];
      for (int y = 0; y < scale; y++) {
        for (int x = 0; x < scale; x++) {
          int k = y * scale + x;
          float error = at[c * places + k] + base - wanted[y * pitch + x];
          at[c * places + k] = error;
          colours[k] += size_of(error, power);
          luma[k] += LUMA[c] * error;
        }
      }
    }
    for (int k = 0; k < places; k++) lumas[k] += size_of(luma[k], power);
  }
  means[0] = sum_of(colours, places) / (3 * places * pixels);
  means[1] = sum_of(lumas, places) / (places * pixels);
}

/* missing [count][height][width][outputs] of small [count][3][height][width] -> errors, in its place, as the picture
 * differs from large [count][3][scale * height][scale * width]; means [count][2] of |error|^power, colours and luma. */
void tessera_compare(const Trunk *t, const float *small, const float *large, int power, float *missing, float *means) {
  size_t pixels = (size_t)t->height * t->width;
  for (int crop = 0; crop < t->count; crop++) {
    const float *input = small + crop * 3 * pixels, *wanted = large + crop * t->outputs * pixels;
    float *at = missing + crop * t->outputs * pixels;
    if (t->outputs == 48) compare_crop(t, input, wanted, 4, power, at, means + crop * 2);
    if (t->outputs == 12) compare_crop(t, input, wanted, 2, power, at, means + crop * 2);
  }
}

static inline float slope_of(float error, int power) { return power == 1 ? (error > 0) - (error < 0) : 2 * error; }

static inline void slopes_of_crop(float *errors, size_t pixels, int places, int power, const float *factors) {
  float colour = factors[0] / (3 * places * pixels), luma_factor = factors[1] / (places * pixels);
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    float *at = errors + pixel * 3 * places;
    for (int k = 0; k < places; k++) {
      float luma = LUMA[0] * at[k] + LUMA[1] * at[places + k] + LUMA[2] * at[2 * places + k];
      float slope = luma_factor * slope_of(luma, power);
      for (int c = 0; c < 3; c++) {
        at[c * places + k] = colour * slope_of(at[c * places + k], power) + LUMA[c] * slope;
      }
    }
  }
}

/* errors of tessera_compare -> in their place the loss's derivatives by them, from its derivatives by the means,
 * factors [count][2]. */
void tessera_slopes(const Trunk *t, int power, const float *factors, float *errors) {
  size_t pixels = (size_t)t->height * t->width;
  for (int crop = 0; crop < t->count; crop++) {
    float *at = errors + crop * t->outputs * pixels;
    if (t->outputs == 48) slopes_of_crop(at, pixels, 16, power, factors + crop * 2);
    if (t->outputs == 12) slopes_of_crop(at, pixels, 4, power, factors + crop * 2);
  }
}

/* Two pixels of 32 channels -> their first and last 16 channels as pairs. */
static inline void pair_up(const bf16 *pixels, __m512i *low, __m512i *high) {
  static const uint16_t order[64] __attribute__((aligned(64))) = {
      0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
      11, 43, 12, 44, 13, 45, 14, 46, 15, 47, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53,
      22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};
  __m512i first = _mm512_load_si512(pixels), second = _mm512_load_si512(pixels + CHANNELS);
  *low = _mm512_permutex2var_epi16(first, _mm512_load_si512(order), second);
  *high = _mm512_permutex2var_epi16(first, _mm512_load_si512(order + 32), second);
}

/* 16 rows of 16 words, exchanged, to rows `pitch` bytes apart. */
static inline void transpose(__m512i *row, char *to, size_t pitch) {
  __m512i a[16], b[16];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    a[i] = _mm512_shuffle_i32x4(b[i], b[i + 4], 0x88);
    a[i + 4] = _mm512_shuffle_i32x4(b[i], b[i + 4], 0xdd);
    a[i + 8] = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0x88);
    a[i + 12] = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    _mm512_storeu_si512(to + (i)*pitch, _mm512_shuffle_i32x4(a[i], a[i + 8], 0x88));
    _mm512_storeu_si512(to + (i + 8) * pitch, _mm512_shuffle_i32x4(a[i], a[i + 8], 0xdd));
    _mm512_storeu_si512(to + (i + 4) * pitch, _mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0x88));
    _mm512_storeu_si512(to + (i + 12) * pitch, _mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0xdd));
  }
}

/* An activation [room][32] -> across [32][room] */
static void turn_activation(Trunk *t, const bf16 *plane) {
  __m512i low[16], high[16];
  for (int q = 0; q + 32 <= t->room; q += 32) {
    for (int i = 0; i < 16; i++) pair_up(plane + (size_t)(q + 2 * i) * CHANNELS, &low[i], &high[i]);
    transpose(low, (char *)(t->across + q), (size_t)t->room * 2);
    transpose(high, (char *)(t->across + (size_t)16 * t->room + q), (size_t)t->room * 2);
  }
}

/* Errors, `chunks` planes [room][32] -> pairs [groups][room / 2][16][2] */
static void pair_errors(Trunk *t, const bf16 *planes, int chunks) {
  for (int chunk = 0; chunk < chunks; chunk++) {
    const bf16 *plane = planes + (size_t)chunk * t->room * CHANNELS;
    bf16 *low = t->pairs + (size_t)chunk * t->room * CHANNELS, *high = low + (size_t)t->room * GROUP;
    for (int q = 0; q + 2 <= t->room; q += 2) {
      __m512i first, second;
      pair_up(plane + (size_t)q * CHANNELS, &first, &second);
      _mm512_store_si512(low + (size_t)q * GROUP, first);
      _mm512_store_si512(high + (size_t)q * GROUP, second);
    }
  }
}

/* Adds a layer's gradients: sums [9][32 inputs][64 outputs] += activation^T * error, of two groups of outputs. */
static void weight_gradients(Trunk *t, float *sums, int group) {
  const bf16 *low = t->pairs + (size_t)group * t->room * GROUP, *high = low + (size_t)t->room * GROUP;
  size_t pitch = (size_t)t->room * 2;
  int begin = t->first / 2 * 2;
  for (int block = begin; block < t->end; block += BLOCK) {
    int stop = block + BLOCK < t->end ? block + BLOCK : t->end;
    for (int tap = 0; tap < 9; tap++) {
      float *sum = sums + (size_t)tap * 32 * 64 + group * GROUP;
      int offset = offset_of(t, tap);
      _tile_loadd(0, sum, 256);
      _tile_loadd(1, sum + GROUP, 256);
      _tile_loadd(2, sum + 16 * 64, 256);
      _tile_loadd(3, sum + 16 * 64 + GROUP, 256);
      for (int q = block; q < stop; q += 32) {
        const bf16 *channels = t->across + q + offset;
        _tile_loadd(4, channels, pitch);
        _tile_loadd(6, low + (size_t)q * GROUP, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, high + (size_t)q * GROUP, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, channels + (size_t)16 * t->room, pitch);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
      _tile_stored(0, sum, 256);
      _tile_stored(1, sum + GROUP, 256);
      _tile_stored(2, sum + 16 * 64, 256);
      _tile_stored(3, sum + 16 * 64 + GROUP, 256);
    }
  }
}

static void add_bias_sums(Trunk *t, int layer, __m512 low, __m512 high) {
  float *sums = t->bias_sums + layer * 64;
  _mm512_store_ps(sums, _mm512_add_ps(_mm512_load_ps(sums), low));
  _mm512_store_ps(sums + 16, _mm512_add_ps(_mm512_load_ps(sums + 16), high));
}

enum { TO_INNER, TO_BLOCK, TO_LAST, TO_FIRST, TO_BODY };

ALWAYS void finish_backward(Pass *pass, const float *raw, int q, int begin, int end) {
  Trunk *t = pass->t;
  int kind = pass->kind;
  for (int p = begin; p < end; p++) {
    size_t at = (size_t)(q + p) * CHANNELS;
    if (!t->inside[q + p]) continue;
    __m512 value[2];
    for (int half = 0; half < 2; half++) {
      size_t here = at + 16 * half;
      value[half] = _mm512_load_ps(raw + p * 64 + 16 * half);
      if (kind == TO_BLOCK || kind == TO_FIRST) {
        value[half] = _mm512_add_ps(value[half], _mm512_load_ps(t->stream + here));
      }
      if (kind == TO_BLOCK || kind == TO_LAST) _mm512_store_ps(t->stream + here, value[half]);
      if (kind == TO_BODY) _mm512_store_ps(t->skip + here, value[half]);
      if (kind == TO_FIRST) value[half] = _mm512_add_ps(value[half], _mm512_load_ps(t->skip + here));
      if (kind == TO_INNER || kind == TO_BLOCK || kind == TO_LAST) {
        value[half] = _mm512_mul_ps(value[half], load_bf16(pass->slopes + here));
      }
      pass->sum[half] = _mm512_add_ps(pass->sum[half], value[half]);
    }
    store_bf16(pass->output + at, value[0], value[1]);
  }
}

/* The error before `layer` from that after it -> error_before, which is that after layer - 1. By `kind`:
 * TO_INNER within a block; TO_BLOCK from a block's first layer to the block before; TO_FIRST to conv_first;
 * TO_LAST from conv_body to the last block; TO_BODY from conv_last to conv_body. */
static void layer_backward(Trunk *t, int layer, int kind, bf16 *slopes) {
  int chunks = layer == t->layers - 1 ? chunks_of(t->outputs) : 1;
  Pass pass = {.t = t, .kind = kind, .output = t->error_before, .slopes = slopes};
  sweep(&pass, t->error, chunks, t->backward + (size_t)layer * PACK, finish_backward);
  add_bias_sums(t, layer - 1, pass.sum[0], pass.sum[1]);
}

/* The errors of the result, [height][width][outputs], as planes of 32 channels. */
static void take_errors(Trunk *t, const float *errors) {
  float *sums = t->bias_sums + (t->layers - 1) * 64;
  for (int y = 0; y < t->height; y++) {
    for (int x = 0; x < t->width; x++) {
      const float *from = errors + ((size_t)y * t->width + x) * t->outputs;
      bf16 *to = t->error + (size_t)(t->first + y * t->columns + x + 1) * CHANNELS;
      for (int o = 0; o < t->outputs; o++) {
        sums[o] += from[o];
        to[(size_t)o / 32 * t->room * CHANNELS + o % 32] = rounded(from[o]);
      }
    }
  }
}

static void swap_errors(Trunk *t) {
  bf16 *other = t->error;
  t->error = t->error_before, t->error_before = other;
}

static void gradients_of_layer(Trunk *t, int crop, int layer) {
  int outputs = outputs_of(t, layer), groups = groups_of(outputs);
  turn_activation(t, plane_of(t, t->activations, crop, layer));
  pair_errors(t, t->error, chunks_of(outputs));
  for (int group = 0; group < groups; group += 2) {
    weight_gradients(t, t->sums + (size_t)layer * 9 * 32 * 64, group);
  }
}

/* sums -> [out][in][3][3] */
static void give_gradients(const Trunk *t, float *const *weights, float *const *biases) {
  for (int layer = 0; layer < t->layers; layer++) {
    int inputs = inputs_of(t, layer), outputs = outputs_of(t, layer);
    const float *sums = t->sums + (size_t)layer * 9 * 32 * 64;
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        for (int tap = 0; tap < 9; tap++) {
          float sum = sums[(tap * 32 + i) * 64 + o];
          if (layer == 0) sum += sums[(tap * 32 + i + 3) * 64 + o];
          weights[layer][(o * inputs + i) * 9 + tap] = sum;
        }
      }
      biases[layer][o] = t->bias_sums[layer * 64 + o];
    }
  }
}

/* errors [count][height][width][outputs], after a call of tessera_forward -> gradients of every weight and bias. */
void tessera_backward(Trunk *t, const float *errors, float *const *weights, float *const *biases) {
  configure();
  memset(t->sums, 0, t->layers * (size_t)9 * 32 * 64 * 4);
  memset(t->bias_sums, 0, t->layers * 64 * 4);
  size_t pixels = (size_t)t->height * t->width;
  int last = t->layers - 1;
  for (int crop = 0; crop < t->count; crop++) {
    take_errors(t, errors + crop * pixels * t->outputs);
    for (int layer = last; layer > 0; layer--) {
      gradients_of_layer(t, crop, layer);
      int step = (layer - 1) % t->convs;
      int kind = layer == last ? TO_BODY : layer == last - 1 ? TO_LAST : layer == 1 ? TO_FIRST
                 : step == 0   ? TO_BLOCK : TO_INNER;
      layer_backward(t, layer, kind, plane_of(t, t->slopes, crop, layer - 1));
      swap_errors(t);
    }
    gradients_of_layer(t, crop, 0);
    if (t->layers % 2 == 0) swap_errors(t); /* the second plane of results' errors stays where it is */
  }
  give_gradients(t, weights, biases);
  _tile_release();
}
