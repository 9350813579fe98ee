/**
 * The gradient of a 3×3 kernel by Winograd (winograd.h says how): dU of 36 products over the tiles, in chunks that stay in
 * the shared cache.
 */
#pragma once
#include "winograd.h"

namespace refold::REFOLD_ISA {

/** A dY Aᵀ of a tile with sides Y and X, and block of channels. */
template <class Y, class X, class T>
inline void gradientPatch(const WinogradShape& s, const Place& at, const T* dy, int block, vf out[Y::kPatch][X::kPatch]) {
  const int blocks = s.groups * s.og / B;
  vf d[Y::kSize][X::kSize];
  gather<Y::kSize, X::kSize>(dy + (size_t(at.image) * blocks + block) * s.outH * s.outW * B, s.outH, s.outW, at.top, at.left, d);
  gradientTransform<Y, X>(d, out);
}

/** Rows of V and A dY Aᵀ hold a tile, or pairs of them: a tile of two images that follow each other. */
inline Tiles tileRowsOf(const WinogradShape& s, int wide) { return Tiles(s, (s.images + wide - 1) / wide); }

/** Buffers of backward-weights: V and A dY Aᵀ of a chunk of rows, which should stay in the shared cache, and dU. */
struct BackwardScratch {
  int chunk;
  size_t vStride, yStride, vBytes, yBytes, uBytes, turnedPairs, bytes;
  BackwardScratch(const WinogradShape& s, bool half, int threads) {
    const int wide = half && kHasPairs ? 2 : 1;
    // Bytes of a channel in a row.
    const size_t item = wide * itemBytes(half);
    // Whole steps of products along the tiles.
    const int step = wide == 2 && kHasTiles ? kTilePairs : 1;
    const int all = (tileRowsOf(s, wide).count + step - 1) / step * step;
    const int least = 32 / wide;
    const int fitting = int(REFOLD_WINOGRAD_CHUNK_BYTES / (kFrequencies * s.groups * (s.cg + s.og) * item)) / least * least;
    chunk = fitting < least ? least : fitting;
    if (chunk > all) chunk = all;
    vStride = strideOf(size_t(chunk) * s.groups * s.cg);
    yStride = strideOf(size_t(chunk) * s.groups * s.og);
    vBytes = (kFrequencies * vStride * item + 63) / 64 * 64;
    yBytes = (kFrequencies * yStride * item + 63) / 64 * 64;
    uBytes = size_t(kFrequencies) * s.groups * s.cg * s.og * sizeof(float);
    turnedPairs = wide == 2 && kHasTiles ? size_t(2 * kTileRows) * chunk : 0;
    bytes = vBytes + yBytes + uBytes + threads * turnedPairs * sizeof(Pair);
  }
};

inline size_t winogradBackwardScratch(const WinogradShape& s, int threads, bool half) {
  return BackwardScratch(s, half, threads).bytes;
}

/** How far ahead of 36 places, one for each frequency, the next vectors are fetched: the processor follows fewer at once. */
constexpr int kAhead = 8 * B;

inline void storeRow(float* to, vf tile, vf) { store(to, tile); }
inline void storeRow(Pair* to, vf tile, vf next) { storePairs(to, tile, next); }

/** Writes a tile's patch, or those of two images, as a row of [tiles][channels] from `to` on. */
template <class Y, class X, class E>
inline void storePatches(const TileRow& row, E* to, size_t channels, size_t stride,
                         const vf one[Y::kPatch][X::kPatch], const vf next[Y::kPatch][X::kPatch]) {
  eachFrequency<Y, X>(row, [&](int i, int j, int f, int r) {
    E* place = to + f * stride + size_t(r) * channels;
    storeRow(place, one[i][j], next[i][j]);
    __builtin_prefetch(place + kAhead, 1);
  });
}

/** The row of V and of A dY Aᵀ of a tile, or of that tile of two images. */
template <class E, class T>
inline void backwardRow(const WinogradShape& s, const BackwardScratch& size, const TileRow row, const Place& at, const T* x, const T* dy,
                        E* v, E* a) {
  constexpr bool isPair = std::is_same_v<E, Pair>;
  const int c = s.groups * s.cg, o = s.groups * s.og;
  Place first = at, second = at;
  if (isPair) first.image = 2 * at.image, second.image = first.image + 1;
  const bool hasSecond = isPair && second.image < s.images;
  withSides(at.kind, [&](auto down, auto across) {
    using Y = decltype(down);
    using X = decltype(across);
    vf one[Y::kPatch][X::kPatch], next[Y::kPatch][X::kPatch] = {};
    for (int block = 0; block < c / B; block++) {
      inputPatch<Y, X>(s, first, x, block, one);
      if (hasSecond) inputPatch<Y, X>(s, second, x, block, next);
      storePatches<Y, X>(row, v + block * B, c, size.vStride, one, next);
    }
    for (int block = 0; block < o / B; block++) {
      gradientPatch<Y, X>(s, first, dy, block, one);
      if (hasSecond) gradientPatch<Y, X>(s, second, dy, block, next);
      storePatches<Y, X>(row, a + block * B, o, size.yStride, one, next);
    }
  });
}

/** Gᵀ dU G of B input channels from `c` and B output channels into the plain gradient: all of a row's taps at once. */
inline void weightGradient(const WinogradShape& s, const float* u, int g, int block, int c, float* dw) {
  const size_t perFrequency = size_t(s.cg) * s.og;
  const float* from = u + size_t(g) * kFrequencies * perFrequency + size_t(c) * s.og + block * B;
  vf in[6][6], out[B][3][3];
  // The channel after the next is fetched meanwhile.
  const size_t ahead = 2 * size_t(s.og);
  for (int i = 0; i < B; i++, from += s.og) {
    REFOLD_UNROLLED
    for (int f = 0; f < kFrequencies; f++) {
      in[f / 6][f % 6] = load(from + f * perFrequency);
      __builtin_prefetch(from + f * perFrequency + ahead);
    }
    bothWays<6, 3, weightGradientTransform, 6, 3, weightGradientTransform>(in, out[i]);
  }
  float* to = dw + (size_t(g * s.og + block * B) * s.cg + c) * 9;
  for (int i = 0; i < 9; i++) storeTaps(to + i * B, size_t(s.cg) * 9, B, &out[0][0][0] + i * B);
}

/** dU (+)= Vᵀ · A of work items of (group, frequency, panel of columns), frequencies in turn, since they differ in rows. */
template <class E>
void gradientProducts(const WinogradShape& s, const BackwardScratch& size, const TileRows& rows, const E* v, const E* a, float* u,
                      bool accumulate) {
  const int c = s.groups * s.cg, o = s.groups * s.og;
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og;
  const int columns = panels.vectors * B, items = s.groups * kFrequencies * panels.count;
#pragma omp for schedule(static, panels.count)
  for (int item = 0; item < items; item++) {
    const int p = item % panels.count, f = item / panels.count % kFrequencies, g = item / panels.count / kFrequencies;
    panelOfWidth<E>(panels.vectors, s.cg, rows.count(f), v + f * size.vStride + size_t(g) * s.cg, 1, c,
                    a + f * size.yStride + size_t(g) * s.og + size_t(p) * columns, o,
                    u + (size_t(g) * kFrequencies + f) * perFrequency + size_t(p) * columns, s.og, accumulate);
  }
}

#if defined(__AMX_BF16__)
inline int wholeStepsOf(int rows) { return (rows + kTilePairs - 1) / kTilePairs * kTilePairs; }

/** Zeros from each frequency's last row to the end of a step. */
inline void fillSteps(const TileRows& rows, Pair* to, size_t channels, size_t stride) {
#pragma omp for schedule(static)
  for (int f = 0; f < kFrequencies; f++) {
    const int count = rows.count(f);
    std::memset(static_cast<void*>(to + f * stride + count * channels), 0, (wholeStepsOf(count) - count) * channels * sizeof(Pair));
  }
}

/** The same in tiles: items of (group, frequency, two tiles of rows), whose Vᵀ is turned once for all columns. */
inline void gradientProductsInTiles(const WinogradShape& s, const BackwardScratch& size, const TileRows& rows, const Pair* v,
                                    const Pair* a, Pair* turned, float* u, bool accumulate) {
  const int c = s.groups * s.cg, o = s.groups * s.og, rowBlocks = (s.cg + 2 * kTileRows - 1) / (2 * kTileRows);
  const int items = s.groups * kFrequencies * rowBlocks;
  const TileSetup setup(kTileRows, kTilePairs);
#pragma omp for schedule(static, rowBlocks)
  for (int item = 0; item < items; item++) {
    const int first = item % rowBlocks * 2 * kTileRows, gf = item / rowBlocks, f = gf % kFrequencies, g = gf / kFrequencies;
    const int channels = s.cg - first < 2 * kTileRows ? s.cg - first : 2 * kTileRows, depth = wholeStepsOf(rows.count(f));
    const Pair* from = v + f * size.vStride + size_t(g) * s.cg + first;
    for (int k = 0; k < depth; k += kTilePairs)
      for (int r = 0; r < channels; r += B) turnPairs(from + size_t(k) * c + r, c, turned + size_t(r) * depth + k, depth);
    panelOfTiles(s.og / B, channels, kTilePairs, depth, turned, depth, a + f * size.yStride + size_t(g) * s.og, o,
                 u + (size_t(gf) * s.cg + first) * s.og, s.og, accumulate);
  }
}
#endif

/** E: float, or Pair of the tiles of two images. */
template <class E, class T>
void winogradBackwardWeightsAs(const WinogradShape& s, const T* x, const T* dy, float* dw, char* scratch) {
  constexpr bool isPair = std::is_same_v<E, Pair>;
  const Tiles tiles = tileRowsOf(s, isPair ? 2 : 1);
  const BackwardScratch size(s, isPair, omp_get_max_threads());
  E* v = reinterpret_cast<E*>(scratch);
  E* a = reinterpret_cast<E*>(scratch + size.vBytes);
  float* u = reinterpret_cast<float*>(scratch + size.vBytes + size.yBytes);
#pragma omp parallel
  {
    for (int first = 0; first < tiles.count; first += size.chunk) {
      const int count = tiles.count - first < size.chunk ? tiles.count - first : size.chunk;
      const TileRows rows(tiles, first, count);
#pragma omp for schedule(static)
      for (int t = first; t < first + count; t++) {
        const Place at(tiles, t);
        backwardRow(s, size, rows.of(at), at, x, dy, v, a);
      }
      if constexpr (isPair && kHasTiles) {
        fillSteps(rows, v, size_t(s.groups) * s.cg, size.vStride);
        fillSteps(rows, a, size_t(s.groups) * s.og, size.yStride);
        char* turned = scratch + size.vBytes + size.yBytes + size.uBytes;
        gradientProductsInTiles(s, size, rows, v, a, reinterpret_cast<Pair*>(turned) + omp_get_thread_num() * size.turnedPairs, u,
                                first > 0);
      } else {
        gradientProducts(s, size, rows, v, a, u, first > 0);
      }
    }
#pragma omp for collapse(3) schedule(static)
    for (int g = 0; g < s.groups; g++)
      for (int c = 0; c < s.cg; c += B)
        for (int block = 0; block < s.og / B; block++) weightGradient(s, u, g, block, c, dw);
  }
}

template <class T>
void winogradBackwardWeights(const WinogradShape& s, const T* x, const T* dy, float* dw, void* scratch) {
  if constexpr (kHasPairs && sizeof(T) == 2) winogradBackwardWeightsAs<Pair>(s, x, dy, dw, static_cast<char*>(scratch));
  else winogradBackwardWeightsAs<float>(s, x, dy, dw, static_cast<char*>(scratch));
}

}  // namespace refold::REFOLD_ISA
