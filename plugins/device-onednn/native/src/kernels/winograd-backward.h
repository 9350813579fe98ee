/**
 * The gradient of a 3×3 kernel by Winograd (winograd.h says how): dU of 36 products over the tiles, in chunks that stay in
 * the shared cache.
 */
#pragma once
#include "winograd.h"

namespace refold::REFOLD_ISA {

/** A dY Aᵀ of one tile and block of channels. */
template <class T>
inline void gradientPatch(const WinogradShape& s, const Tiles& tiles, const T* dy, int t, int block,
                          vf out[kPatch][kPatch]) {
  const Place at(tiles, t);
  const int blocks = s.groups * s.og / B;
  const T* plane = dy + (size_t(at.image) * blocks + block) * s.outH * s.outW * B;
  vf d[kTile][kTile];
  for (int oy = 0; oy < kTile; oy++)
    for (int ox = 0; ox < kTile; ox++) {
      const bool inside = at.top + oy < s.outH && at.left + ox < s.outW;
      d[oy][ox] = inside ? load(plane + (size_t(at.top + oy) * s.outW + at.left + ox) * B) : zero();
    }
  bothWays<4, 6, gradientTransform>(d, out);
}

/** Buffers of backward-weights: V and A dY Aᵀ of a chunk of tiles, which should stay in the shared cache, and dU. */
struct BackwardScratch {
  int chunk;
  size_t vStride, yStride, vBytes, yBytes, uBytes, turnedPairs, bytes;
  BackwardScratch(const WinogradShape& s, bool half, int threads) {
    const size_t item = itemBytes(half);
    // Whole steps of products along the tiles.
    const int step = half && kHasTiles ? 2 * kTilePairs : 2;
    const int all = (Tiles(s).count + step - 1) / step * step;
    const int fitting = int(REFOLD_WINOGRAD_CHUNK_BYTES / (kFrequencies * s.groups * (s.cg + s.og) * item)) / 32 * 32;
    chunk = fitting < 32 ? 32 : fitting;
    if (chunk > all) chunk = all;
    vStride = strideOf(size_t(chunk) * s.groups * s.cg);
    yStride = strideOf(size_t(chunk) * s.groups * s.og);
    vBytes = (kFrequencies * vStride * item + 63) / 64 * 64;
    yBytes = (kFrequencies * yStride * item + 63) / 64 * 64;
    uBytes = size_t(kFrequencies) * s.groups * s.cg * s.og * sizeof(float);
    turnedPairs = half && kHasTiles ? size_t(2 * kTileRows) * chunk / 2 : 0;
    bytes = vBytes + yBytes + uBytes + threads * turnedPairs * sizeof(Pair);
  }
};

inline size_t winogradBackwardScratch(const WinogradShape& s, int threads, bool half) {
  return BackwardScratch(s, half, threads).bytes;
}

/** How far ahead of 36 places, one for each frequency, the next vectors are fetched: the processor follows fewer at once. */
constexpr int kAhead = 8 * B;

/** Writes a patch as row `t` of [tiles][channels]; pairs hold two neighbouring tiles. */
inline void storePatches(float* to, size_t stride, const vf a[kPatch][kPatch], const vf*) {
  for (int f = 0; f < kFrequencies; f++) {
    store(to + f * stride, a[f / 6][f % 6]);
    __builtin_prefetch(to + f * stride + kAhead, 1);
  }
}
inline void storePatches(Pair* to, size_t stride, const vf a[kPatch][kPatch], const vf* b) {
  for (int f = 0; f < kFrequencies; f++) {
    storePairs(to + f * (stride / 2), a[f / 6][f % 6], b[f]);
    __builtin_prefetch(to + f * (stride / 2) + kAhead, 1);
  }
}

/** Gᵀ dU G of one input channel and B output channels into the plain gradient. */
inline void weightGradient(const WinogradShape& s, const float* u, int g, int block, int c, float* dw) {
  const size_t perFrequency = size_t(s.cg) * s.og;
  const float* from = u + size_t(g) * kFrequencies * perFrequency + size_t(c) * s.og + block * B;
  vf in[kPatch][kPatch], out[3][3];
  for (int f = 0; f < kFrequencies; f++) {
    in[f / 6][f % 6] = load(from + f * perFrequency);
    __builtin_prefetch(from + f * perFrequency + kAhead);
  }
  bothWays<6, 3, weightGradientTransform>(in, out);
  storeTaps(dw + (size_t(g * s.og + block * B) * s.cg + c) * 9, size_t(s.cg) * 9, 9, &out[0][0]);
}

/** dU (+)= Vᵀ · A of work items [from, to) of (group, frequency, panel of columns). */
template <class E>
void gradientProducts(const WinogradShape& s, const BackwardScratch& size, const E* v, const E* a, int depth, float* u,
                      bool accumulate) {
  constexpr int wide = std::is_same_v<E, Pair> ? 2 : 1;
  const int c = s.groups * s.cg, o = s.groups * s.og;
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og;
  const int columns = panels.vectors * B, items = s.groups * kFrequencies * panels.count;
#pragma omp for schedule(static)
  for (int item = 0; item < items; item++) {
    const int p = item % panels.count, f = item / panels.count % kFrequencies, g = item / panels.count / kFrequencies;
    panelOfWidth<E>(panels.vectors, s.cg, depth, v + f * size.vStride / wide + size_t(g) * s.cg, 1, c,
                    a + f * size.yStride / wide + size_t(g) * s.og + size_t(p) * columns, o,
                    u + (size_t(g) * kFrequencies + f) * perFrequency + size_t(p) * columns, s.og, accumulate);
  }
}

#if defined(__AMX_BF16__)
/** The same in tiles: items of (group, frequency, two tiles of rows), whose Vᵀ is turned once for all columns. */
inline void gradientProductsInTiles(const WinogradShape& s, const BackwardScratch& size, const Pair* v, const Pair* a,
                                    int depth, Pair* turned, float* u, bool accumulate) {
  const int c = s.groups * s.cg, o = s.groups * s.og, rowBlocks = (s.cg + 2 * kTileRows - 1) / (2 * kTileRows);
  const int items = s.groups * kFrequencies * rowBlocks;
  const TileSetup setup(kTileRows, kTilePairs);
#pragma omp for schedule(static)
  for (int item = 0; item < items; item++) {
    const int first = item % rowBlocks * 2 * kTileRows, gf = item / rowBlocks, f = gf % kFrequencies, g = gf / kFrequencies;
    const int rows = s.cg - first < 2 * kTileRows ? s.cg - first : 2 * kTileRows;
    const Pair* from = v + f * size.vStride / 2 + size_t(g) * s.cg + first;
    for (int k = 0; k < depth; k += kTilePairs)
      for (int r = 0; r < rows; r += B) turnPairs(from + size_t(k) * c + r, c, turned + size_t(r) * depth + k, depth);
    panelOfTiles(s.og / B, rows, kTilePairs, depth, turned, depth, a + f * size.yStride / 2 + size_t(g) * s.og, o,
                 u + (size_t(gf) * s.cg + first) * s.og, s.og, accumulate);
  }
}
#endif

/** E: float, or Pair of two tiles. */
template <class E, class T>
void winogradBackwardWeightsAs(const WinogradShape& s, const T* x, const T* dy, float* dw, char* scratch) {
  constexpr int wide = std::is_same_v<E, Pair> ? 2 : 1;
  constexpr bool inTiles = wide == 2 && kHasTiles;
  const Tiles tiles(s);
  const BackwardScratch size(s, wide == 2, omp_get_max_threads());
  const int chunks = (tiles.count + size.chunk - 1) / size.chunk;
  const int c = s.groups * s.cg, o = s.groups * s.og;
  E* v = reinterpret_cast<E*>(scratch);
  E* a = reinterpret_cast<E*>(scratch + size.vBytes);
  float* u = reinterpret_cast<float*>(scratch + size.vBytes + size.yBytes);
#pragma omp parallel
  {
    for (int round = 0; round < chunks; round++) {
      const int first = round * size.chunk, last = first + size.chunk < tiles.count ? first + size.chunk : tiles.count;
      const int step = inTiles ? kTilePairs : 1, pairs = (last - first + wide - 1) / wide;
      const int depth = (pairs + step - 1) / step * step;
#pragma omp for schedule(static)
      for (int k = 0; k < depth; k++) {
        const int t = first + k * wide;
        const bool isThere = t < last, hasNext = wide == 2 && t + 1 < last;
        vf one[kPatch][kPatch] = {}, next[kPatch][kPatch] = {};
        for (int block = 0; block < c / B; block++) {
          if (isThere) inputPatch(s, tiles, x, t, block, one);
          if (hasNext) inputPatch(s, tiles, x, t + 1, block, next);
          storePatches(v + size_t(k) * c + block * B, size.vStride, one, &next[0][0]);
        }
        for (int block = 0; block < o / B; block++) {
          if (isThere) gradientPatch(s, tiles, dy, t, block, one);
          if (hasNext) gradientPatch(s, tiles, dy, t + 1, block, next);
          storePatches(a + size_t(k) * o + block * B, size.yStride, one, &next[0][0]);
        }
      }
      if constexpr (inTiles) {
        char* turned = scratch + size.vBytes + size.yBytes + size.uBytes;
        gradientProductsInTiles(s, size, v, a, depth, reinterpret_cast<Pair*>(turned) + omp_get_thread_num() * size.turnedPairs,
                                u, round > 0);
      } else {
        gradientProducts(s, size, v, a, depth, u, round > 0);
      }
    }
#pragma omp for collapse(2) schedule(static)
    for (int g = 0; g < s.groups; g++)
      for (int ic = 0; ic < s.cg; ic++)
        for (int block = 0; block < s.og / B; block++) weightGradient(s, u, g, block, ic, dw);
  }
}

template <class T>
void winogradBackwardWeights(const WinogradShape& s, const T* x, const T* dy, float* dw, void* scratch) {
  if constexpr (kHasPairs && sizeof(T) == 2) winogradBackwardWeightsAs<Pair>(s, x, dy, dw, static_cast<char*>(scratch));
  else winogradBackwardWeightsAs<float>(s, x, dy, dw, static_cast<char*>(scratch));
}

}  // namespace refold::REFOLD_ISA
