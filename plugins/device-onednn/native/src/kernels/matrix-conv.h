/**
 * Convolutions of bf16 as one product of matrices in tiles, whose left operand is gathered block by block:
 *
 *   y[pixel, o] = Σ x[pixel · step + tap, c] · w[tap, c, o]
 *
 * Backward-data is the same sum for each class of pixels that the same taps reach. Backward-weights sums over pixels:
 *
 *   dw[o, tap, c] = Σ dy[pixel, o] · x[pixel · step + tap, c]
 *
 * Shapes: A [pixels × K] with K = taps · cg, whole steps of tiles; U of a group in panels of columns, [panel][K / 2][columns][2].
 */
#pragma once
#include <omp.h>
#include "tiles.h"

namespace refold::REFOLD_ISA {

#if defined(__AMX_BF16__)

constexpr int kMostRows = 128;
constexpr int kStepChannels = 2 * kTilePairs;

struct MatrixSizes {
  int rows, depth, vectors, panels, columns, block, rounds, parts;
  size_t aBytes, cBytes;
  MatrixSizes(const MatrixConvShape& s, int threads)
      : rows(s.images * s.gridH * s.gridW),
        // One step of zeros where no tap reaches the pixels.
        depth(s.tapCount == 0 ? kStepChannels : (s.tapCount * s.cg + kStepChannels - 1) / kStepChannels * kStepChannels),
        vectors(panelOf(s.og / B)),
        panels(s.og / B / vectors),
        columns(vectors * B) {
    // A and a panel of U should stay in the second-level cache.
    const int fitting = int(REFOLD_MATRIX_BLOCK_BYTES / (size_t(depth) * sizeof(bf16))) / 32 * 32;
    const int fair = (rows / threads + 31) / 32 * 32;
    block = fitting < fair ? fitting : fair;
    block = block < 32 ? 32 : block > kMostRows ? kMostRows : block;
    rounds = (rows + block - 1) / block;
    // Few rows: threads share their columns.
    parts = rounds >= threads ? 1 : (threads + rounds - 1) / rounds;
    if (parts > panels) parts = panels;
    aBytes = size_t(block) * depth * sizeof(bf16);
    cBytes = size_t(block) * columns * sizeof(float);
  }
  size_t panelPairs() const { return size_t(depth) / 2 * columns; }
};

inline size_t matrixConvWeightBytes(const MatrixConvShape& s) {
  const MatrixSizes size(s, 1);
  return size.panelPairs() * size.panels * s.groups * sizeof(Pair);
}

inline size_t matrixConvScratch(const MatrixConvShape& s, int threads) {
  const MatrixSizes size(s, threads);
  return threads * (size.aBytes + size.cBytes);
}

/** U from w[groups · o, c, kernel]; `turned`: from the weights of the convolution whose gradient this is, w[c, o, kernel]. */
inline void matrixConvWeights(const MatrixConvShape& s, const float* w, const float* scale, bool turned, void* target) {
  const MatrixSizes size(s, 1);
  const size_t oStride = turned ? s.kernelArea : size_t(s.cg) * s.kernelArea;
  const size_t cStride = turned ? size_t(s.og) * s.kernelArea : s.kernelArea;
#pragma omp parallel for collapse(2) schedule(static)
  for (int g = 0; g < s.groups; g++)
    for (int p = 0; p < size.panels; p++) {
      Pair* to = static_cast<Pair*>(target) + (size_t(g) * size.panels + p) * size.panelPairs();
      const float* from = w + size_t(g) * s.og * s.cg * s.kernelArea + p * size.columns * oStride;
      for (int k = 0; k < size.depth; k += 2)
        for (int v = 0; v < size.vectors; v++, to += B) {
          vf even = zero(), odd = zero();
          if (k < s.tapCount * s.cg) {
            const float* at = from + v * B * oStride + k % s.cg * cStride + s.taps[k / s.cg].index;
            for (int lane = 0; lane < B; lane++) even[lane] = at[lane * oStride], odd[lane] = at[lane * oStride + cStride];
            if (scale) {
              const vf factor = loadAnywhere(scale + g * s.og + p * size.columns + v * B);
              even *= factor, odd *= factor;
            }
          }
          storePairs(to, even, odd);
        }
    }
}

/** Where the rows of a block lie: pixels of the source before the tap's offset, and of the target. */
struct MatrixRows {
  int count, top[kMostRows], left[kMostRows];
  size_t source[kMostRows], target[kMostRows];
  MatrixRows(const MatrixConvShape& s, int first, int count) : count(count) {
    const int each = s.gridH * s.gridW;
    for (int r = 0; r < count; r++) {
      const int image = (first + r) / each, y = (first + r) % each / s.gridW, x = (first + r) % s.gridW;
      top[r] = y * s.stepH;
      left[r] = x * s.stepW;
      source[r] = size_t(image) * (s.groups * s.cg / B) * s.inH * s.inW;
      target[r] = size_t(image) * (s.groups * s.og / B) * s.outH * s.outW +
                  size_t(s.originH + y * s.strideH) * s.outW + s.originW + x * s.strideW;
    }
  }
  /** The source's pixel under a tap; null where it lies outside. */
  const bf16* under(const MatrixConvShape& s, const bf16* x, int r, const Tap& tap) const {
    const int iy = top[r] + tap.dy, ix = left[r] + tap.dx;
    const bool inside = unsigned(iy) < unsigned(s.inH) && unsigned(ix) < unsigned(s.inW);
    return inside ? x + (source[r] + size_t(iy) * s.inW + ix) * B : nullptr;
  }
};

inline __m256i halves(const bf16* p) { return p ? _mm256_load_si256(reinterpret_cast<const __m256i*>(p)) : _mm256_setzero_si256(); }

/** A of the rows, for one group. */
inline void gatherRows(const MatrixConvShape& s, const MatrixRows& rows, int depth, int g, const bf16* x, bf16* a) {
  const int blocks = s.cg / B, rest = depth - s.tapCount * s.cg;
  const size_t plane = size_t(s.inH) * s.inW * B;
  for (int t = 0; t < s.tapCount; t++)
    for (int r = 0; r < rows.count; r++) {
      const bf16* from = rows.under(s, x, r, s.taps[t]);
      __m256i* to = reinterpret_cast<__m256i*>(a + size_t(r) * depth + t * s.cg);
      if (from) from += g * blocks * plane;
      for (int block = 0; block < blocks; block++) _mm256_store_si256(to + block, halves(from ? from + block * plane : nullptr));
    }
  if (rest)
    for (int r = 0; r < rows.count; r++) std::memset(a + size_t(r + 1) * depth - rest, 0, rest * sizeof(bf16));
}

struct MatrixTarget {
  const float* bias;
  bool relu, accumulate;
  bf16* y;
};

/** From C of one panel into the target. */
inline void scatterRows(const MatrixConvShape& s, const MatrixRows& rows, const MatrixSizes& size, const float* c, int firstBlock,
                        const MatrixTarget& target) {
  const size_t plane = size_t(s.outH) * s.outW * B;
  for (int v = 0; v < size.vectors; v++) {
    const vf shift = target.bias ? load(target.bias + (firstBlock + v) * B) : zero();
    bf16* y = target.y + (firstBlock + v) * plane;
    for (int r = 0; r < rows.count; r++) {
      bf16* to = y + rows.target[r] * B;
      vf value = load(c + size_t(r) * size.columns + v * B) + shift;
      if (target.accumulate) value += load(to);
      store(to, target.relu ? max(zero(), value) : value);
    }
  }
}

inline void panelOfRows(const MatrixConvShape& s, const MatrixRows& rows, const MatrixSizes& size, int g, int p, const bf16* a,
                        const Pair* u, float* c, const MatrixTarget& target) {
  panelOfTiles(size.vectors, rows.count, kTilePairs, size.depth / 2, reinterpret_cast<const Pair*>(a), size.depth / 2,
               u + (size_t(g) * size.panels + p) * size.panelPairs(), size.columns, c, size.columns, false);
  scatterRows(s, rows, size, c, (g * s.og / B) + p * size.vectors, target);
}

inline void matrixConv(const MatrixConvShape& s, const bf16* x, const void* weights, const float* bias, bool relu,
                       bool accumulate, bf16* y, void* scratch) {
  const MatrixSizes size(s, omp_get_max_threads());
  const Pair* u = static_cast<const Pair*>(weights);
  const MatrixTarget target{bias, relu, accumulate, y};
  const int items = size.rounds * s.groups * size.parts;
#pragma omp parallel
  {
    char* own = static_cast<char*>(scratch) + omp_get_thread_num() * (size.aBytes + size.cBytes);
    bf16* a = reinterpret_cast<bf16*>(own);
    float* c = reinterpret_cast<float*>(own + size.aBytes);
#pragma omp for schedule(static)
    for (int item = 0; item < items; item++) {
      const int part = item % size.parts, g = item / size.parts % s.groups, round = item / size.parts / s.groups;
      const int first = int(int64_t(size.rows) * round / size.rounds);
      const MatrixRows rows(s, first, int(int64_t(size.rows) * (round + 1) / size.rounds) - first);
      const TileSetup setup(rows.count < kTileRows ? rows.count : kTileRows, kTilePairs);
      gatherRows(s, rows, size.depth, g, x, a);
      for (int p = size.panels * part / size.parts; p < size.panels * (part + 1) / size.parts; p++)
        panelOfRows(s, rows, size, g, p, a, u, c, target);
    }
  }
}

/** Buffers of backward-weights for a chunk of pixels: dyᵀ, the pairs of x under each tap, and the sums. */
struct MatrixGradientSizes {
  int pixels, chunk, inputs, outputs;
  size_t dyBytes, xBytes, sumBytes;
  explicit MatrixGradientSizes(const MatrixConvShape& s)
      : pixels(s.images * s.gridH * s.gridW), inputs(s.groups * s.cg), outputs(s.groups * s.og) {
    const size_t each = (size_t(s.tapCount) * inputs + outputs) * sizeof(bf16);
    const int fitting = int(REFOLD_MATRIX_CHUNK_BYTES / each) / kStepChannels * kStepChannels;
    const int all = (pixels + kStepChannels - 1) / kStepChannels * kStepChannels;
    chunk = fitting < kStepChannels ? kStepChannels : fitting > 1024 ? 1024 : fitting;
    if (chunk > all) chunk = all;
    dyBytes = size_t(outputs) * chunk * sizeof(bf16);
    xBytes = size_t(s.tapCount) * chunk * inputs * sizeof(bf16);
    sumBytes = size_t(outputs) * s.tapCount * s.cg * sizeof(float);
  }
  size_t bytes() const { return dyBytes + xBytes + sumBytes; }
};

inline size_t matrixConvBackwardScratch(const MatrixConvShape& s) { return MatrixGradientSizes(s).bytes(); }

/** Two vectors of bf16 as pairs. */
inline void storePairs(Pair* to, const bf16* low, const bf16* high) {
  const __m512i even = _mm512_cvtepu16_epi32(halves(low)), odd = _mm512_cvtepu16_epi32(halves(high));
  _mm512_store_si512(to, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
}

/** A step's pixels: dyᵀ [outputs][chunk / 2], and per tap x as pairs [chunk / 2][inputs]. */
inline void gatherStep(const MatrixConvShape& s, const MatrixGradientSizes& size, const MatrixRows& rows, int step,
                       const bf16* x, const bf16* dy, Pair* turned, Pair* xs) {
  const size_t sourcePlane = size_t(s.inH) * s.inW * B, targetPlane = size_t(s.outH) * s.outW * B;
  const int half = size.chunk / 2, first = step * kTilePairs;
  for (int block = 0; block < size.outputs / B; block++) {
    alignas(64) Pair pairs[kTilePairs * B];
    for (int k = 0; k < kTilePairs; k++) {
      const bf16* at[2];
      for (int i = 0; i < 2; i++) {
        const int r = 2 * k + i;
        at[i] = r < rows.count ? dy + block * targetPlane + rows.target[r] * B : nullptr;
      }
      storePairs(pairs + k * B, at[0], at[1]);
    }
    turnPairs(pairs, B, turned + size_t(block) * B * half + first, half);
  }
  for (int t = 0; t < s.tapCount; t++)
    for (int k = 0; k < kTilePairs; k++) {
      const bf16* at[2];
      for (int i = 0; i < 2; i++) at[i] = 2 * k + i < rows.count ? rows.under(s, x, 2 * k + i, s.taps[t]) : nullptr;
      Pair* to = xs + (size_t(t) * half + first + k) * size.inputs;
      for (int block = 0; block < size.inputs / B; block++)
        storePairs(to + block * B, at[0] ? at[0] + block * sourcePlane : nullptr, at[1] ? at[1] + block * sourcePlane : nullptr);
    }
}

inline void matrixConvBackwardWeights(const MatrixConvShape& s, const bf16* x, const bf16* dy, float* dw, void* scratch) {
  const MatrixGradientSizes size(s);
  Pair* turned = static_cast<Pair*>(scratch);
  Pair* xs = reinterpret_cast<Pair*>(static_cast<char*>(scratch) + size.dyBytes);
  float* sums = reinterpret_cast<float*>(static_cast<char*>(scratch) + size.dyBytes + size.xBytes);
  const int half = size.chunk / 2, rowBlocks = (s.og + 2 * kTileRows - 1) / (2 * kTileRows), width = s.tapCount * s.cg;
#pragma omp parallel
  {
    const TileSetup setup(kTileRows, kTilePairs);
    for (int first = 0; first < size.pixels; first += size.chunk) {
      const int count = size.pixels - first < size.chunk ? size.pixels - first : size.chunk;
      const int steps = (count + kStepChannels - 1) / kStepChannels;
#pragma omp for schedule(static)
      for (int step = 0; step < steps; step++) {
        const int from = step * kStepChannels, rows = count - from < kStepChannels ? count - from : kStepChannels;
        gatherStep(s, size, MatrixRows(s, first + from, rows), step, x, dy, turned, xs);
      }
#pragma omp for schedule(static)
      for (int item = 0; item < s.groups * rowBlocks * s.tapCount; item++) {
        const int t = item % s.tapCount, o = item / s.tapCount % rowBlocks * 2 * kTileRows, g = item / s.tapCount / rowBlocks;
        const int rows = s.og - o < 2 * kTileRows ? s.og - o : 2 * kTileRows;
        panelOfTiles(s.cg / B, rows, kTilePairs, steps * kTilePairs, turned + size_t(g * s.og + o) * half, half,
                     xs + size_t(t) * half * size.inputs + g * s.cg, size.inputs,
                     sums + size_t(g * s.og + o) * width + t * s.cg, width, first > 0);
      }
    }
#pragma omp for schedule(static)
    for (int o = 0; o < size.outputs; o++)
      for (int t = 0; t < s.tapCount; t++)
        for (int c = 0; c < s.cg; c++)
          dw[(size_t(o) * s.cg + c) * s.kernelArea + s.taps[t].index] = sums[size_t(o) * width + t * s.cg + c];
  }
}

#endif

}  // namespace refold::REFOLD_ISA
