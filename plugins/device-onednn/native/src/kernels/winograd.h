/**
 * 3×3 convolutions of stride 1 by Winograd's minimal filtering F(4×4, 3×3): 36 multiplications for 16 results instead
 * of 144 (Winograd 1980; Lavin and Gray, arXiv 1509.09308). Points 0, ±P, ±Q, ∞.
 *
 *   Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A      forward, and backward-data with g turned and transposed
 *   dg = Gᵀ [(A dY Aᵀ) ⊙ (Bᵀ d B)] G    backward-weights
 *
 * The ⊙ is 36 matrix products, one per frequency f.
 * Shapes: d tile 6×6, Y tile 4×4; U[f] = G g Gᵀ is [C × O] in panels of columns, V[f] is [tiles × C], M[f] [tiles × O].
 */
#pragma once
#include <omp.h>
#include "gemm.h"

namespace refold::REFOLD_ISA {

constexpr int kTile = 4, kPatch = 6, kFrequencies = 36;
constexpr float P = REFOLD_WINOGRAD_P, Q = REFOLD_WINOGRAD_Q;

/** Bᵀ d for one column of six. */
inline void inputTransform(const vf d[6], vf out[6]) {
  constexpr float PP = P * P, QQ = Q * Q;
  const vf evenP = d[4] - QQ * d[2], oddP = P * (d[3] - QQ * d[1]);
  const vf evenQ = d[4] - PP * d[2], oddQ = Q * (d[3] - PP * d[1]);
  out[0] = (PP * QQ) * d[0] - (PP + QQ) * d[2] + d[4];
  out[1] = evenP + oddP;
  out[2] = evenP - oddP;
  out[3] = evenQ + oddQ;
  out[4] = evenQ - oddQ;
  out[5] = (PP * QQ) * d[1] - (PP + QQ) * d[3] + d[5];
}

/** Aᵀ m. */
inline void outputTransform(const vf m[6], vf out[4]) {
  const vf sumP = m[1] + m[2], differenceP = m[1] - m[2], sumQ = m[3] + m[4], differenceQ = m[3] - m[4];
  out[0] = m[0] + sumP + sumQ;
  out[1] = P * differenceP + Q * differenceQ;
  out[2] = (P * P) * sumP + (Q * Q) * sumQ;
  out[3] = (P * P * P) * differenceP + (Q * Q * Q) * differenceQ + m[5];
}

/** A y: the transpose of `outputTransform`. */
inline void gradientTransform(const vf y[4], vf out[6]) {
  const vf evenP = y[0] + (P * P) * y[2], oddP = P * y[1] + (P * P * P) * y[3];
  const vf evenQ = y[0] + (Q * Q) * y[2], oddQ = Q * y[1] + (Q * Q * Q) * y[3];
  out[0] = y[0];
  out[1] = evenP + oddP;
  out[2] = evenP - oddP;
  out[3] = evenQ + oddQ;
  out[4] = evenQ - oddQ;
  out[5] = y[3];
}

constexpr float kG0 = 1 / (P * P * Q * Q), kGP = 1 / (2 * P * P * (P * P - Q * Q)), kGQ = 1 / (2 * Q * Q * (Q * Q - P * P));

/** G g. */
inline void weightTransform(const vf g[3], vf out[6]) {
  const vf evenP = kGP * g[0] + (kGP * P * P) * g[2], oddP = (kGP * P) * g[1];
  const vf evenQ = kGQ * g[0] + (kGQ * Q * Q) * g[2], oddQ = (kGQ * Q) * g[1];
  out[0] = kG0 * g[0];
  out[1] = evenP + oddP;
  out[2] = evenP - oddP;
  out[3] = evenQ + oddQ;
  out[4] = evenQ - oddQ;
  out[5] = g[2];
}

/** Gᵀ u: the transpose of `weightTransform`. */
inline void weightGradientTransform(const vf u[6], vf out[3]) {
  const vf sumP = kGP * (u[1] + u[2]), sumQ = kGQ * (u[3] + u[4]);
  out[0] = kG0 * u[0] + sumP + sumQ;
  out[1] = (kGP * P) * (u[1] - u[2]) + (kGQ * Q) * (u[3] - u[4]);
  out[2] = (P * P) * sumP + (Q * Q) * sumQ + u[5];
}

/** Applies `ONE` to the columns, then to the rows: IN × IN → OUT × OUT. */
template <int IN, int OUT, void (*ONE)(const vf*, vf*)>
inline void bothWays(const vf in[IN][IN], vf out[OUT][OUT]) {
  vf half[IN][OUT];
  for (int x = 0; x < IN; x++) {
    vf column[IN], result[OUT];
    for (int y = 0; y < IN; y++) column[y] = in[y][x];
    ONE(column, result);
    for (int y = 0; y < OUT; y++) half[x][y] = result[y];
  }
  for (int y = 0; y < OUT; y++) {
    vf row[IN], result[OUT];
    for (int x = 0; x < IN; x++) row[x] = half[x][y];
    ONE(row, result);
    for (int x = 0; x < OUT; x++) out[y][x] = result[x];
  }
}

struct Tiles {
  int down, across, each, count;
  explicit Tiles(const WinogradShape& s)
      : down((s.outH + kTile - 1) / kTile),
        across((s.outW + kTile - 1) / kTile),
        each(down * across),
        count(s.images * each) {}
};

/** Whole vectors between frequencies, off the multiples of 4 KiB, where all would fall into one set of the cache. */
inline size_t strideOf(size_t floats) { return (floats + 1023) / 1024 * 1024 + B * 3; }

template <class T>
inline void gather(const T* plane, int height, int width, int top, int left, vf d[kPatch][kPatch]) {
  if (top >= 0 && left >= 0 && top + kPatch <= height && left + kPatch <= width) {
    for (int y = 0; y < kPatch; y++)
      for (int x = 0; x < kPatch; x++) d[y][x] = load(plane + (size_t(top + y) * width + left + x) * B);
    return;
  }
  for (int y = 0; y < kPatch; y++)
    for (int x = 0; x < kPatch; x++) {
      const int iy = top + y, ix = left + x;
      const bool inside = iy >= 0 && ix >= 0 && iy < height && ix < width;
      d[y][x] = inside ? load(plane + (size_t(iy) * width + ix) * B) : zero();
    }
}

/** V of tiles [first, first + count), all channels. */
template <class T>
void transformInput(const WinogradShape& s, const Tiles& tiles, const T* x, int first, int count, int fromBlock,
                    int toBlock, float* v, size_t stride) {
  const int blocks = s.groups * s.cg / B, channels = blocks * B;
  for (int t = 0; t < count; t++) {
    const int image = (first + t) / tiles.each, at = (first + t) % tiles.each;
    const int top = at / tiles.across * kTile - s.padH, left = at % tiles.across * kTile - s.padW;
    for (int block = fromBlock; block < toBlock; block++) {
      const T* plane = x + (size_t(image) * blocks + block) * s.inH * s.inW * B;
      vf d[kPatch][kPatch], out[kPatch][kPatch];
      gather(plane, s.inH, s.inW, top, left, d);
      bothWays<6, 6, inputTransform>(d, out);
      float* to = v + size_t(t) * channels + block * B;
      for (int f = 0; f < kFrequencies; f++) store(to + f * stride, out[f / 6][f % 6]);
    }
  }
}

template <class T>
void transformOutput(const WinogradShape& s, const Tiles& tiles, const float* m, size_t stride, int first, int count,
                     int fromBlock, int toBlock, const float* bias, bool relu, bool accumulate, T* y) {
  const int blocks = s.groups * s.og / B, channels = blocks * B;
  for (int t = 0; t < count; t++) {
    const int image = (first + t) / tiles.each, at = (first + t) % tiles.each;
    const int top = at / tiles.across * kTile, left = at % tiles.across * kTile;
    const int down = s.outH - top < kTile ? s.outH - top : kTile, across = s.outW - left < kTile ? s.outW - left : kTile;
    for (int block = fromBlock; block < toBlock; block++) {
      vf in[kPatch][kPatch], out[kTile][kTile];
      const float* from = m + size_t(t) * channels + block * B;
      for (int f = 0; f < kFrequencies; f++) in[f / 6][f % 6] = load(from + f * stride);
      bothWays<6, 4, outputTransform>(in, out);
      const vf shift = bias ? load(bias + block * B) : zero();
      T* plane = y + (size_t(image) * blocks + block) * s.outH * s.outW * B;
      for (int oy = 0; oy < down; oy++)
        for (int ox = 0; ox < across; ox++) {
          T* to = plane + (size_t(top + oy) * s.outW + left + ox) * B;
          vf value = out[oy][ox] + shift;
          if (accumulate) value += load(to);
          store(to, relu ? max(value, zero()) : value);
        }
    }
  }
}

/** A dY Aᵀ of tiles [first, first + count). */
template <class T>
void transformGradient(const WinogradShape& s, const Tiles& tiles, const T* dy, int first, int count, int fromBlock,
                       int toBlock, float* v, size_t stride) {
  const int blocks = s.groups * s.og / B, channels = blocks * B;
  for (int t = 0; t < count; t++) {
    const int image = (first + t) / tiles.each, at = (first + t) % tiles.each;
    const int top = at / tiles.across * kTile, left = at % tiles.across * kTile;
    for (int block = fromBlock; block < toBlock; block++) {
      const T* plane = dy + (size_t(image) * blocks + block) * s.outH * s.outW * B;
      vf d[kTile][kTile], out[kPatch][kPatch];
      for (int oy = 0; oy < kTile; oy++)
        for (int ox = 0; ox < kTile; ox++) {
          const bool inside = top + oy < s.outH && left + ox < s.outW;
          d[oy][ox] = inside ? load(plane + (size_t(top + oy) * s.outW + left + ox) * B) : zero();
        }
      // Different sizes for columns and rows: 4 → 6 each way.
      vf half[kTile][kPatch];
      for (int x = 0; x < kTile; x++) {
        vf column[kTile];
        for (int oy = 0; oy < kTile; oy++) column[oy] = d[oy][x];
        gradientTransform(column, half[x]);
      }
      for (int oy = 0; oy < kPatch; oy++) {
        vf row[kTile];
        for (int x = 0; x < kTile; x++) row[x] = half[x][oy];
        gradientTransform(row, out[oy]);
      }
      float* to = v + size_t(t) * channels + block * B;
      for (int f = 0; f < kFrequencies; f++) store(to + f * stride, out[f / 6][f % 6]);
    }
  }
}

/** Columns of U are kept in panels [panel][C][columns], so that a product reads them in one stream. */
struct Panels {
  int vectors, count;
  size_t floats;
  explicit Panels(const WinogradShape& s)
      : vectors(panelOf(s.og / B)), count(s.og / B / vectors), floats(size_t(s.cg) * vectors * B) {}
};

inline size_t winogradWeightBytes(const WinogradShape& s, bool) {
  return size_t(kFrequencies) * s.groups * s.cg * s.og * sizeof(float);
}

/** Tiles that a thread takes through all three phases before the next: V and M of about a megabyte. */
inline int blockOfTiles(const WinogradShape& s) {
  const size_t perTile = size_t(kFrequencies) * s.groups * (s.cg + s.og) * sizeof(float);
  int count = int(REFOLD_WINOGRAD_BLOCK_BYTES / perTile) / 24 * 24;
  return count < 24 ? 24 : count > 192 ? 192 : count;
}

/** Whether each thread has tiles enough to work alone, reading all of U. */
inline bool isWide(const WinogradShape& s, int threads) { return Tiles(s).count >= 24 * threads; }

inline size_t winogradForwardScratch(const WinogradShape& s, int threads, bool) {
  const int count = isWide(s, threads) ? blockOfTiles(s) : Tiles(s).count;
  const size_t one = kFrequencies * (strideOf(size_t(count) * s.groups * s.cg) + strideOf(size_t(count) * s.groups * s.og));
  return (isWide(s, threads) ? threads : 1) * one * sizeof(float);
}

/** U from w[groups · og, cg, 3, 3]; `flip` gives the convolution that takes dy to dx: `s` is then its shape. */
inline void winogradWeights(const WinogradShape& s, const float* w, const float* scale, bool flip, bool, void* target) {
  float* u = static_cast<float*>(target);
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og;
#pragma omp parallel for collapse(2) schedule(static)
  for (int g = 0; g < s.groups; g++)
    for (int block = 0; block < s.og / B; block++) {
      const int o0 = g * s.og + block * B;
      const vf factor = scale ? loadAnywhere(scale + o0) : splat(1);
      const int panelIndex = block / panels.vectors;
      const size_t column = size_t(block % panels.vectors) * B;
      for (int c = 0; c < s.cg; c++) {
        vf k[3][3], half[3][6];
        // Forward: w[o][c][t]; turned: w[c of its group][o][8 − t].
        const float* from = flip ? w + (size_t(g * s.cg + c) * s.og + block * B) * 9 : w + (size_t(o0) * s.cg + c) * 9;
        const size_t lane = flip ? 9 : size_t(s.cg) * 9;
        for (int t = 0; t < 9; t++) {
          vf v;
          for (int l = 0; l < B; l++) v[l] = from[l * lane + (flip ? 8 - t : t)];
          k[t / 3][t % 3] = v * factor;
        }
        for (int x = 0; x < 3; x++) {
          vf columnOf[3] = {k[0][x], k[1][x], k[2][x]};
          weightTransform(columnOf, half[x]);
        }
        float* to = u + size_t(g) * kFrequencies * perFrequency + panelIndex * panels.floats +
                    size_t(c) * panels.vectors * B + column;
        for (int y = 0; y < 6; y++) {
          vf row[3] = {half[0][y], half[1][y], half[2][y]}, out[6];
          weightTransform(row, out);
          for (int x = 0; x < 6; x++) store(to + (y * 6 + x) * perFrequency, out[x]);
        }
      }
    }
}

/** M = V · U for `count` tiles and work items [from, to) of (group, frequency, panel). */
inline void products(const WinogradShape& s, const float* v, size_t vStride, const float* u, float* m, size_t mStride,
                     int count, int from, int to) {
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og;
  const int c = s.groups * s.cg, o = s.groups * s.og, columns = panels.vectors * B;
  for (int item = from; item < to; item++) {
    const int p = item % panels.count, f = item / panels.count % kFrequencies, g = item / panels.count / kFrequencies;
    panelOfWidth<float>(panels.vectors, count, s.cg, v + f * vStride + size_t(g) * s.cg, c, 1,
                        u + (size_t(g) * kFrequencies + f) * perFrequency + p * panels.floats, columns,
                        m + f * mStride + size_t(g) * s.og + size_t(p) * columns, o, false);
  }
}

template <class T>
void winogradForward(const WinogradShape& s, const T* x, const void* weights, const float* bias, bool relu,
                     bool accumulate, T* y, void* scratch) {
  const Tiles tiles(s);
  const float* u = static_cast<const float*>(weights);
  const int items = s.groups * kFrequencies * Panels(s).count;
  const int inBlocks = s.groups * s.cg / B, outBlocks = s.groups * s.og / B;
  const bool wide = isWide(s, omp_get_max_threads());
  const int block = wide ? blockOfTiles(s) : tiles.count;
  const size_t vStride = strideOf(size_t(block) * s.groups * s.cg), mStride = strideOf(size_t(block) * s.groups * s.og);
  float* base = static_cast<float*>(scratch);
  if (wide) {
    const int rounds = (tiles.count + block - 1) / block;
#pragma omp parallel
    {
      float* v = base + omp_get_thread_num() * kFrequencies * (vStride + mStride);
      float* m = v + kFrequencies * vStride;
#pragma omp for schedule(static)
      for (int round = 0; round < rounds; round++) {
        // Rounds of equal size, so that the last is no remnant.
        const int first = int(int64_t(tiles.count) * round / rounds);
        const int count = int(int64_t(tiles.count) * (round + 1) / rounds) - first;
        transformInput(s, tiles, x, first, count, 0, inBlocks, v, vStride);
        products(s, v, vStride, u, m, mStride, count, 0, items);
        transformOutput(s, tiles, m, mStride, first, count, 0, outBlocks, bias, relu, accumulate, y);
      }
    }
    return;
  }
  float* v = base;
  float* m = v + kFrequencies * vStride;
#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (int b = 0; b < inBlocks; b++) transformInput(s, tiles, x, 0, tiles.count, b, b + 1, v, vStride);
#pragma omp for schedule(static)
    for (int item = 0; item < items; item++) products(s, v, vStride, u, m, mStride, tiles.count, item, item + 1);
#pragma omp for schedule(static)
    for (int b = 0; b < outBlocks; b++)
      transformOutput(s, tiles, m, mStride, 0, tiles.count, b, b + 1, bias, relu, accumulate, y);
  }
}

/** Tiles whose V and A dY Aᵀ are held at a time in backward-weights: they should stay in the shared cache. */
inline int chunkOfTiles(const WinogradShape& s) {
  const size_t perTile = size_t(kFrequencies) * s.groups * (s.cg + s.og) * sizeof(float);
  const int all = Tiles(s).count;
  int count = int(REFOLD_WINOGRAD_CHUNK_BYTES / perTile) / 16 * 16;
  if (count < 16) count = 16;
  return count < all ? count : all;
}

inline size_t winogradBackwardScratch(const WinogradShape& s, int, bool) {
  const int chunk = chunkOfTiles(s);
  return (kFrequencies * (strideOf(size_t(chunk) * s.groups * s.cg) + strideOf(size_t(chunk) * s.groups * s.og)) +
          size_t(kFrequencies) * s.groups * s.cg * s.og) * sizeof(float);
}

template <class T>
void winogradBackwardWeights(const WinogradShape& s, const T* x, const T* dy, float* dw, void* scratch) {
  const Tiles tiles(s);
  const int chunk = chunkOfTiles(s), chunks = (tiles.count + chunk - 1) / chunk;
  const int c = s.groups * s.cg, o = s.groups * s.og;
  const size_t vStride = strideOf(size_t(chunk) * c), yStride = strideOf(size_t(chunk) * o);
  float* v = static_cast<float*>(scratch);
  float* a = v + kFrequencies * vStride;
  float* u = a + kFrequencies * yStride;
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og;
  const int columns = panels.vectors * B, items = s.groups * kFrequencies * panels.count;
#pragma omp parallel
  {
    for (int round = 0; round < chunks; round++) {
      const int first = int(int64_t(tiles.count) * round / chunks);
      const int count = int(int64_t(tiles.count) * (round + 1) / chunks) - first;
#pragma omp for schedule(static)
      for (int t = 0; t < count; t++) {
        transformInput(s, tiles, x, first + t, 1, 0, c / B, v + size_t(t) * c, vStride);
        transformGradient(s, tiles, dy, first + t, 1, 0, o / B, a + size_t(t) * o, yStride);
      }
#pragma omp for schedule(static)
      for (int item = 0; item < items; item++) {
        const int p = item % panels.count, f = item / panels.count % kFrequencies, g = item / panels.count / kFrequencies;
        panelOfWidth<float>(panels.vectors, s.cg, count, v + f * vStride + size_t(g) * s.cg, 1, c,
                            a + f * yStride + size_t(g) * s.og + size_t(p) * columns, o,
                            u + (size_t(g) * kFrequencies + f) * perFrequency + size_t(p) * columns, s.og, round > 0);
      }
    }
#pragma omp for collapse(2) schedule(static)
    for (int g = 0; g < s.groups; g++)
      for (int block = 0; block < s.og / B; block++)
        for (int ic = 0; ic < s.cg; ic++) {
          const float* from = u + size_t(g) * kFrequencies * perFrequency + size_t(ic) * s.og + block * B;
          vf half[6][3];
          for (int x_ = 0; x_ < 6; x_++) {
            vf column[6];
            for (int y_ = 0; y_ < 6; y_++) column[y_] = load(from + (y_ * 6 + x_) * perFrequency);
            weightGradientTransform(column, half[x_]);
          }
          float* to = dw + (size_t(g * s.og + block * B) * s.cg + ic) * 9;
          for (int ky = 0; ky < 3; ky++) {
            vf row[6], out[3];
            for (int x_ = 0; x_ < 6; x_++) row[x_] = half[x_][ky];
            weightGradientTransform(row, out);
            for (int kx = 0; kx < 3; kx++)
              for (int lane = 0; lane < B; lane++) to[size_t(lane) * s.cg * 9 + ky * 3 + kx] = out[kx][lane];
          }
        }
  }
}

}  // namespace refold::REFOLD_ISA
