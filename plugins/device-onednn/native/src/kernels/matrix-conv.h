/**
 * Convolutions as one product of matrices in tiles, whose left operand is gathered block by block:
 *
 *   y[pixel, o] = Σ x[pixel · step + tap, c] · w[tap, c, o]
 *
 * Backward-data is the same sum for each class of pixels that the same taps reach. Backward-weights sums over pixels:
 *
 *   dw[o, tap, c] = Σ dy[pixel, o] · x[pixel · step + tap, c]
 *
 * Images of floats are multiplied in three parts (packed.h), as exact as in floats.
 * Shapes: A [pixels × K] with K = taps · cg, whole steps of tiles; U of a group is B, [K × O].
 */
#pragma once
#include <omp.h>
#include "packed.h"
#include "rounds.h"

namespace refold::REFOLD_ISA {

#if defined(__AMX_BF16__)

constexpr int kMostRows = 512;

/**
 * A thread takes a block of rows through all of K; where their A does not fit into its second-level cache, in chunks of steps, with
 * the sums of all columns beside: U is read once for a block.
 */
template <class T>
struct MatrixSizes {
  int rows, halves, steps, chunk, vectorPairs, block, rounds, parts;
  size_t aBytes, cBytes, uGroup;
  MatrixSizes(const MatrixConvShape& s, int threads)
      : rows(s.images * s.gridH * s.gridW),
        halves(s.tapCount * s.cg / B),
        // One step of zeros where no tap reaches the pixels.
        steps(halves == 0 ? 1 : (halves + 1) / 2),
        chunk(steps),
        vectorPairs(vectorPairsOf(s.og / B)) {
    constexpr int kFewRows = 96, kSteps = 8, kMostWholeRows = 128, kFewRounds = 8;
    const size_t stepBytes = rowBlockSize<kParts<T>>(1) * sizeof(bf16) / kTileRows, most = REFOLD_MATRIX_BLOCK_BYTES * kParts<T>;
    if (steps * stepBytes * kFewRows > most) chunk = kSteps;
    // A and two vectors of U should stay in the second-level cache.
    const size_t sumBytes = (isInChunks() ? vectorPairs : 1) * 2 * B * sizeof(float);
    const int fitting = int(most / (chunk * stepBytes + (isInChunks() ? sumBytes : 0))) / 32 * 32;
    const int fair = (rows / threads + 31) / 32 * 32;
    block = fitting < fair ? fitting : fair;
    const int limit = isInChunks() ? kMostRows : kMostWholeRows;
    block = block < 32 ? 32 : block > limit ? limit : block;
    rounds = (rows + block - 1) / block;
    uGroup = vectorPairs * vectorPairSize<kParts<T>>(steps);
    if (threads > 1 && !isInChunks() && rounds <= kFewRounds && uGroup * sizeof(bf16) > 2 * most) {
      // Each thread reads but its columns of a large U, in fewer and larger blocks; A of so few rows, which all gather, is little.
      block = fitting < limit ? fitting : limit;
      rounds = (rows + block - 1) / block;
      parts = threads;
    } else {
      // As many for each thread; few rows: threads share their columns.
      if (rounds > threads) rounds = fairRounds(rows, block, threads);
      parts = rounds >= threads ? 1 : (threads + rounds - 1) / rounds;
    }
    if (parts > vectorPairs) parts = vectorPairs;
    aBytes = block * chunk * stepBytes;
    cBytes = block * sumBytes;
  }
  bool isInChunks() const { return chunk < steps; }
};

template <class T>
size_t matrixConvWeightBytes(const MatrixConvShape& s) {
  return MatrixSizes<T>(s, 1).uGroup * s.groups * sizeof(bf16);
}

template <class T>
size_t matrixConvScratch(const MatrixConvShape& s, int threads) {
  const MatrixSizes<T> size(s, threads);
  return threads * (size.aBytes + size.cBytes);
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
  /** The source's pixel under a tap, in its first plane; null where it lies outside. */
  template <class T>
  const T* under(const MatrixConvShape& s, const T* x, int r, const Tap& tap) const {
    const int iy = top[r] + tap.dy, ix = left[r] + tap.dx;
    const bool inside = unsigned(iy) < unsigned(s.inH) && unsigned(ix) < unsigned(s.inW);
    return inside ? x + (source[r] + size_t(iy) * s.inW + ix) * B : nullptr;
  }
};

/** A of the rows and steps [from, to), for one group. */
template <class T>
inline void gatherRows(const MatrixConvShape& s, const MatrixRows& rows, int halves, int from, int to, int g, const T* x, bf16* a) {
  const int blocks = s.cg / B;
  const size_t plane = size_t(s.inH) * s.inW * B;
  // Pixels under two taps: the halves of a step may lie under neighbours.
  const T* pixels[2][kMostRows];
  int under[2] = {-1, -1};
  const auto find = [&](int t) -> const T* const* {
    if (under[t % 2] != t)
      for (int r = 0; r < rows.count; r++) pixels[t % 2][r] = rows.under(s, x, r, s.taps[t]);
    under[t % 2] = t;
    return pixels[t % 2];
  };
  for (int step = from; step < to; step++) {
    const int half = 2 * step;
    const T* const* low = half < halves ? find(half / blocks) : nullptr;
    const T* const* high = half + 1 < halves ? find((half + 1) / blocks) : nullptr;
    const size_t atLow = (g * blocks + half % blocks) * plane, atHigh = (g * blocks + (half + 1) % blocks) * plane;
    for (int r = 0; r < rows.count; r++)
      copyIntoA(a + placeInA<kParts<T>>(to - from, r, step - from), low && low[r] ? low[r] + atLow : nullptr,
                high && high[r] ? high[r] + atHigh : nullptr);
  }
}

template <class T>
struct MatrixTarget {
  const float* bias;
  bool relu, accumulate;
  T* y;
};

/** From C of one or two vectors into the target. */
template <class T>
inline void scatterRows(const MatrixConvShape& s, const MatrixRows& rows, const float* c, int firstBlock, int vectors,
                        const MatrixTarget<T>& target) {
  const size_t plane = size_t(s.outH) * s.outW * B;
  for (int v = 0; v < vectors; v++) {
    const vf shift = target.bias ? load(target.bias + (firstBlock + v) * B) : zero();
    T* y = target.y + (firstBlock + v) * plane;
    for (int r = 0; r < rows.count; r++) {
      T* to = y + rows.target[r] * B;
      vf value = load(c + (size_t(r) * 2 + v) * B) + shift;
      if (target.accumulate) value += load(to);
      store(to, target.relu ? max(zero(), value) : value);
    }
  }
}

template <class T>
void matrixConv(const MatrixConvShape& s, const void* x, const void* weights, const float* bias, bool relu, bool accumulate,
                void* y, void* scratch) {
  constexpr int parts = kParts<T>;
  const MatrixSizes<T> size(s, omp_get_max_threads());
  const MatrixTarget<T> target{bias, relu, accumulate, static_cast<T*>(y)};
  const int items = size.rounds * s.groups * size.parts;
  // The sums of a vector pair are kept where K is in chunks.
  const size_t sumSize = size.isInChunks() ? size_t(size.block) * 2 * B : 0;
#pragma omp parallel
  {
    char* own = static_cast<char*>(scratch) + omp_get_thread_num() * (size.aBytes + size.cBytes);
    bf16* a = reinterpret_cast<bf16*>(own);
    float* c = reinterpret_cast<float*>(own + size.aBytes);
    const TileSetup setup(kTileRows, kTilePairs);
#pragma omp for schedule(static)
    for (int item = 0; item < items; item++) {
      const int g = item % s.groups, round = item / s.groups % size.rounds, part = item / s.groups / size.rounds;
      const int first = int(int64_t(size.rows) * round / size.rounds);
      const MatrixRows rows(s, first, int(int64_t(size.rows) * (round + 1) / size.rounds) - first);
      const bf16* u = static_cast<const bf16*>(weights) + g * size.uGroup;
      for (int step = 0; step < size.steps; step += size.chunk) {
        const int steps = size.steps - step < size.chunk ? size.steps - step : size.chunk;
        gatherRows(s, rows, size.halves, step, step + steps, g, static_cast<const T*>(x), a);
        for (int p = size.vectorPairs * part / size.parts; p < size.vectorPairs * (part + 1) / size.parts; p++) {
          const int vectors = s.og / B - 2 * p > 1 ? 2 : 1;
          packedColumns<parts>(vectors, rowBlocksOf(rows.count), steps, a,
                               u + p * vectorPairSize<parts>(size.steps) + vectorPairSize<parts>(step), c + p * sumSize, 2 * B,
                               step > 0);
          if (step + steps == size.steps) scatterRows(s, rows, c + p * sumSize, g * s.og / B + 2 * p, vectors, target);
        }
      }
    }
  }
}

/** Buffers of backward-weights for a chunk of pixels: dy, and x under each tap, as B with pixels along K, and the sums. */
template <class T>
struct MatrixGradientSizes {
  int pixels, chunk, steps;
  size_t dyGroup, xGroup, xTap, dyBytes, xBytes, sumBytes, turnedBytes;
  explicit MatrixGradientSizes(const MatrixConvShape& s) : pixels(s.images * s.gridH * s.gridW) {
    const size_t each = size_t(s.groups) * (size_t(s.tapCount) * s.cg + s.og) * kParts<T> * sizeof(bf16);
    const int fitting = int(REFOLD_MATRIX_CHUNK_BYTES * kParts<T> / each) / kStep * kStep;
    const int all = (pixels + kStep - 1) / kStep * kStep;
    chunk = fitting < kStep ? kStep : fitting > 1024 ? 1024 : fitting;
    if (chunk > all) chunk = all;
    steps = chunk / kStep;
    dyGroup = vectorPairsOf(s.og / B) * vectorPairSize<kParts<T>>(steps);
    xGroup = vectorPairsOf(s.cg / B) * vectorPairSize<kParts<T>>(steps);
    xTap = xGroup * s.groups;
    dyBytes = dyGroup * s.groups * sizeof(bf16);
    xBytes = xTap * s.tapCount * sizeof(bf16);
    sumBytes = size_t(s.groups) * s.og * s.tapCount * s.cg * sizeof(float);
    turnedBytes = 2 * rowBlockSize<kParts<T>>(steps) * sizeof(bf16);
  }
  size_t bytes(int threads) const { return dyBytes + xBytes + sumBytes + threads * turnedBytes; }
};

template <class T>
size_t matrixConvBackwardScratch(const MatrixConvShape& s, int threads) {
  return MatrixGradientSizes<T>(s).bytes(threads);
}

/** A step's pixels of dy, and of x under every tap; `steps` are those of the chunk. */
template <class T>
inline void gatherStep(const MatrixConvShape& s, const MatrixGradientSizes<T>& size, const MatrixRows& rows, int step, int steps,
                       const T* x, const T* dy, bf16* dys, bf16* xs) {
  constexpr int parts = kParts<T>;
  const size_t sourcePlane = size_t(s.inH) * s.inW * B, targetPlane = size_t(s.outH) * s.outW * B;
  const auto copy = [&](const auto& pixel, size_t plane, int channels, size_t group, bf16* target) {
    const int blocks = channels / B;
    for (int p = 0; p < kTilePairs; p++) {
      const int k = pairAt<parts>(p);
      const T *low = pixel(k), *high = pixel(k + kPairDistance<parts>);
      for (int block = 0; block < s.groups * blocks; block++)
        copyIntoB(target + block / blocks * group + placeInB<parts>(steps, step * kTilePairs + p, block % blocks),
                  low ? low + block * plane : nullptr, high ? high + block * plane : nullptr);
    }
  };
  copy([&](int r) { return r < rows.count ? dy + rows.target[r] * B : nullptr; }, targetPlane, s.og, size.dyGroup, dys);
  for (int t = 0; t < s.tapCount; t++)
    copy([&](int r) { return r < rows.count ? rows.under(s, x, r, s.taps[t]) : nullptr; }, sourcePlane, s.cg, size.xGroup,
         xs + t * size.xTap);
}

template <class T>
void matrixConvBackwardWeights(const MatrixConvShape& s, const void* x, const void* dy, float* dw, void* scratch) {
  constexpr int parts = kParts<T>;
  const MatrixGradientSizes<T> size(s);
  char* at = static_cast<char*>(scratch);
  bf16 *dys = reinterpret_cast<bf16*>(at), *xs = reinterpret_cast<bf16*>(at + size.dyBytes);
  float* sums = reinterpret_cast<float*>(at + size.dyBytes + size.xBytes);
  const int outputs = s.groups * s.og, width = s.tapCount * s.cg, vectors = s.og / B, rowPairs = vectorPairsOf(vectors);
#pragma omp parallel
  {
    bf16* turned = reinterpret_cast<bf16*>(at + size.dyBytes + size.xBytes + size.sumBytes + omp_get_thread_num() * size.turnedBytes);
    const TileSetup setup(kTileRows, kTilePairs);
    for (int first = 0; first < size.pixels; first += size.chunk) {
      const int count = size.pixels - first < size.chunk ? size.pixels - first : size.chunk;
      const int steps = (count + kStep - 1) / kStep;
#pragma omp for schedule(static)
      for (int step = 0; step < steps; step++) {
        const int from = step * kStep, rows = count - from < kStep ? count - from : kStep;
        gatherStep(s, size, MatrixRows(s, first + from, rows), step, steps, static_cast<const T*>(x), static_cast<const T*>(dy), dys,
                   xs);
      }
#pragma omp for schedule(static)
      for (int item = 0; item < s.groups * rowPairs; item++) {
        const int pair = item % rowPairs, g = item / rowPairs, rowBlocks = vectors - 2 * pair > 1 ? 2 : 1;
        turnIntoA<parts>(rowBlocks, steps, dys + g * size.dyGroup + pair * vectorPairSize<parts>(steps), turned);
        for (int t = 0; t < s.tapCount; t++)
          for (int p = 0; p < vectorPairsOf(s.cg / B); p++)
            packedColumns<parts>(s.cg / B - 2 * p > 1 ? 2 : 1, rowBlocks, steps, turned,
                                 xs + t * size.xTap + g * size.xGroup + p * vectorPairSize<parts>(steps),
                                 sums + size_t(g * s.og + 2 * pair * B) * width + t * s.cg + 2 * p * B, width, first > 0);
      }
    }
#pragma omp for schedule(static)
    for (int o = 0; o < outputs; o++)
      for (int c = 0; c < s.cg; c += B)
        for (int first = 0; first < s.tapCount; first += B) {
          // Their indices count up: they are all of the kernel's.
          const int count = s.tapCount - first < B ? s.tapCount - first : B;
          vf taps[B];
          for (int t = 0; t < count; t++) taps[t] = load(sums + size_t(o) * width + (first + t) * s.cg + c);
          storeTaps(dw + (size_t(o) * s.cg + c) * s.kernelArea + first, s.kernelArea, count, taps);
        }
  }
}

#endif

}  // namespace refold::REFOLD_ISA
