/**
 * 3×3 convolutions of stride 1 by Winograd's minimal filtering F(4×4, 3×3): 36 multiplications for 16 results instead
 * of 144 (Winograd 1980; Lavin and Gray, arXiv 1509.09308). Points 0, ±P, ±Q, ∞.
 *
 *   Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A      forward, and backward-data with g turned and transposed
 *   dg = Gᵀ [(A dY Aᵀ) ⊙ (Bᵀ d B)] G    backward-weights
 *
 * The ⊙ is 36 matrix products, one per frequency f.
 * Shapes: d tile 6×6, Y tile 4×4, or 4 and 2 along a side at an edge (winograd-tiles.h); U[f] = G g Gᵀ is [C × O] in panels of columns,
 * V[f] is [tiles × C], M[f] [tiles × O].
 */
#pragma once
#include <omp.h>
#include <type_traits>
#include "rounds.h"
#include "tiles.h"
#include "winograd-tiles.h"

namespace refold::REFOLD_ISA {

/** Whole vectors between frequencies, off the multiples of 4 KiB, where all would fall into one set of the cache. */
inline size_t strideOf(size_t elements) { return (elements + 1023) / 1024 * 1024 + B * 4; }

template <int H, int W, class T>
inline void gather(const T* plane, int height, int width, int top, int left, vf d[H][W]) {
  if (top >= 0 && left >= 0 && top + H <= height && left + W <= width) {
    for (int y = 0; y < H; y++)
      for (int x = 0; x < W; x++) d[y][x] = load(plane + (size_t(top + y) * width + left + x) * B);
    return;
  }
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) {
      const int iy = top + y, ix = left + x;
      const bool inside = iy >= 0 && ix >= 0 && iy < height && ix < width;
      d[y][x] = inside ? load(plane + (size_t(iy) * width + ix) * B) : zero();
    }
}

/** Bᵀ d B of a tile with sides Y and X, and block of channels. */
template <class Y, class X, class T>
inline void inputPatch(const WinogradShape& s, const Place& at, const T* x, int block, vf out[Y::kPatch][X::kPatch]) {
  const int blocks = s.groups * s.cg / B;
  vf d[Y::kPatch][X::kPatch];
  gather<Y::kPatch, X::kPatch>(x + (size_t(at.image) * blocks + block) * s.inH * s.inW * B, s.inH, s.inW, at.top - s.padH,
                               at.left - s.padW, d);
  inputTransform<Y, X>(d, out);
}

/** V of tiles [first, first + count) and blocks of channels [fromBlock, toBlock); E: float or bf16. */
template <class E, class T>
void transformInput(const WinogradShape& s, const Tiles& tiles, const TileRows& rows, const T* x, int first, int count, int fromBlock,
                    int toBlock, E* v, size_t stride) {
  const int channels = s.groups * s.cg;
  eachTile(tiles, rows, first, count, [&](const Place& at, const TileRow& row, auto down, auto across) {
    using Y = decltype(down);
    using X = decltype(across);
    for (int block = fromBlock; block < toBlock; block++) {
      vf out[Y::kPatch][X::kPatch];
      inputPatch<Y, X>(s, at, x, block, out);
      eachFrequency<Y, X>(row, [&](int i, int j, int f, int r) { store(v + f * stride + size_t(r) * channels + block * B, out[i][j]); });
    }
  });
}

/** What becomes of a sum on its way into the image y; T: its type. */
template <class T>
struct Output {
  const float* bias;
  const Addend& addend;
  bool relu, accumulate;
  T* y;
};

/** y of tiles [first, first + count) from M. */
template <class T>
void transformOutput(const WinogradShape& s, const Tiles& tiles, const TileRows& rows, const float* m, size_t stride, int first,
                     int count, int fromBlock, int toBlock, const Output<T>& output) {
  const int blocks = s.groups * s.og / B, channels = blocks * B;
  const T* added = static_cast<const T*>(output.addend.values);
  const float *bias = output.bias, *scale = output.addend.scale;
  eachTile(tiles, rows, first, count, [&](const Place& at, const TileRow& row, auto tall, auto wide) {
    using Y = decltype(tall);
    using X = decltype(wide);
    const int down = s.outH - at.top < Y::kSize ? s.outH - at.top : Y::kSize;
    const int across = s.outW - at.left < X::kSize ? s.outW - at.left : X::kSize;
    for (int block = fromBlock; block < toBlock; block++) {
      vf in[Y::kPatch][X::kPatch], out[Y::kSize][X::kSize];
      eachFrequency<Y, X>(row, [&](int i, int j, int f, int r) { in[i][j] = load(m + f * stride + size_t(r) * channels + block * B); });
      outputTransform<Y, X>(in, out);
      const vf shift = bias ? load(bias + block * B) : zero(), factor = scale ? load(scale + block * B) : splat(1);
      T* plane = output.y + (size_t(at.image) * blocks + block) * s.outH * s.outW * B;
      for (int oy = 0; oy < down; oy++)
        for (int ox = 0; ox < across; ox++) {
          T* to = plane + (size_t(at.top + oy) * s.outW + at.left + ox) * B;
          vf value = out[oy][ox] + shift;
          if (output.accumulate) value += load(to);
          if (added) value += factor * load(added + (to - output.y));
          store(to, output.relu ? max(zero(), value) : value);
        }
    }
  });
}

/** Columns of U are kept in panels [panel][C][columns] (pairs: [panel][C / 2][columns][2]): one stream for a product. */
struct Panels {
  int vectors, count;
  size_t size;
  explicit Panels(const WinogradShape& s)
      : vectors(panelOf(s.og / B)), count(s.og / B / vectors), size(size_t(s.cg) * vectors * B) {}
};

inline size_t itemBytes(bool half) { return half && kHasPairs ? 2 : 4; }

inline size_t winogradWeightBytes(const WinogradShape& s, bool half) {
  return size_t(kFrequencies) * s.groups * s.cg * s.og * itemBytes(half);
}

/** Tiles that a thread takes through all three phases before the next: V and M of about a megabyte. */
inline int blockOfTiles(const WinogradShape& s, bool half) {
  const size_t perTile = size_t(kFrequencies) * s.groups * (s.cg * itemBytes(half) + s.og * sizeof(float));
  const int count = int(REFOLD_WINOGRAD_BLOCK_BYTES / perTile) / 24 * 24;
  return count < 24 ? 24 : count > 192 ? 192 : count;
}

/** Whether each thread has tiles enough to work alone, reading all of U. */
inline bool isWide(const WinogradShape& s, int threads) { return Tiles(s).count >= 24 * threads; }

/** Strides between frequencies, in elements, and the bytes of V and M, for blocks of `count` tiles. */
struct ForwardScratch {
  size_t vStride, mStride, vBytes, bytes;
  ForwardScratch(const WinogradShape& s, int count, bool half)
      : vStride(strideOf(size_t(count) * s.groups * s.cg)),
        mStride(strideOf(size_t(count) * s.groups * s.og)),
        vBytes((kFrequencies * vStride * itemBytes(half) + 63) / 64 * 64),
        bytes(vBytes + kFrequencies * mStride * sizeof(float)) {}
};

inline size_t winogradForwardScratch(const WinogradShape& s, int threads, bool half) {
  const bool wide = isWide(s, threads);
  return ForwardScratch(s, wide ? blockOfTiles(s, half) : Tiles(s).count, half).bytes * (wide ? threads : 1);
}

/**
 * Kernels of B input channels from `c` of a group, for B output channels from `block`, as [channel][tap]. Forward they are
 * w[o][c][t]; `flip`: w[c of its group][o][t], whose taps count backwards.
 */
inline void loadKernels(const WinogradShape& s, const float* w, int g, int block, int c, bool flip, vf taps[B][9]) {
  if (flip) {
    for (int i = 0; i < B; i++) loadTaps(w + (size_t(g * s.cg + c + i) * s.og + block * B) * 9, 9, 9, taps[i]);
  } else {
    // All taps of an output channel lie side by side: nine squares.
    for (int i = 0; i < 9; i++)
      loadTaps(w + (size_t(g * s.og + block * B) * s.cg + c) * 9 + i * B, size_t(s.cg) * 9, B, &taps[0][0] + i * B);
  }
}

/** G g Gᵀ. */
inline void weightPatch(const vf taps[9], vf factor, bool flip, vf out[6][6]) {
  vf k[3][3];
  for (int t = 0; t < 9; t++) k[t / 3][t % 3] = taps[flip ? 8 - t : t] * factor;
  bothWays<3, 6, weightTransform, 3, 6, weightTransform>(k, out);
}

/** U from w[groups · og, cg, 3, 3]; `flip` gives the convolution that takes dy to dx: `s` is then its shape. */
inline void winogradWeights(const WinogradShape& s, const float* w, const float* scale, bool flip, bool half,
                            void* target) {
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og;
#pragma omp parallel for collapse(2) schedule(static)
  for (int g = 0; g < s.groups; g++)
    for (int block = 0; block < s.og / B; block++) {
      const vf factor = scale ? loadAnywhere(scale + g * s.og + block * B) : splat(1);
      const size_t base = size_t(g) * kFrequencies * perFrequency + block / panels.vectors * panels.size;
      const size_t column = size_t(block % panels.vectors) * B, row = size_t(panels.vectors) * B;
      vf taps[B][9], out[6][6], next[6][6];
      for (int c = 0; c < s.cg; c++) {
        if (c % B == 0) loadKernels(s, w, g, block, c, flip, taps);
        weightPatch(taps[c % B], factor, flip, out);
        if (half && kHasPairs) {
          weightPatch(taps[++c % B], factor, flip, next);
          Pair* to = static_cast<Pair*>(target) + base / 2 + c / 2 * row + column;
          REFOLD_UNROLLED
          for (int f = 0; f < kFrequencies; f++) storePairs(to + f * (perFrequency / 2), out[f / 6][f % 6], next[f / 6][f % 6]);
        } else {
          float* to = static_cast<float*>(target) + base + c * row + column;
          REFOLD_UNROLLED
          for (int f = 0; f < kFrequencies; f++) store(to + f * perFrequency, out[f / 6][f % 6]);
        }
      }
    }
}

/** M = V · U for work items [from, to) of (group, frequency, panel); E: float, or Pair along K. */
template <class E>
void products(const WinogradShape& s, const TileRows& rows, const E* v, size_t vStride, const E* u, float* m, size_t mStride, int from,
              int to) {
  constexpr int wide = sizeof(E) == sizeof(Pair) && !std::is_same_v<E, float> ? 2 : 1;
  const Panels panels(s);
  const size_t perFrequency = size_t(s.cg) * s.og / wide;
  const int c = s.groups * s.cg / wide, o = s.groups * s.og, columns = panels.vectors * B, depth = s.cg / wide;
  [[maybe_unused]] const int pairs = tilePairsOf(depth);
  for (int item = from; item < to; item++) {
    const int p = item % panels.count, f = item / panels.count % kFrequencies, g = item / panels.count / kFrequencies;
    const int count = rows.count(f);
    if (count == 0) continue;
    const E* left = v + f * vStride / wide + size_t(g) * depth;
    const E* right = u + (size_t(g) * kFrequencies + f) * perFrequency + p * panels.size / wide;
    float* product = m + f * mStride + size_t(g) * s.og + size_t(p) * columns;
    if constexpr (kHasTiles && wide == 2) {
      const SetUpFor<E> setup(count < kTileRows ? count : kTileRows, pairs);
      panelOfTiles(panels.vectors, count, pairs, depth, left, c, right, columns, product, o, false);
    } else {
      panelOfWidth<E>(panels.vectors, count, depth, left, c, 1, right, columns, product, o, false);
    }
  }
}

/** STORED: type of V's values; E: what products take. */
template <class STORED, class E, class T>
void winogradForwardAs(const WinogradShape& s, const T* x, const void* weights, const Output<T>& output, char* scratch) {
  constexpr bool half = sizeof(STORED) == 2;
  const Tiles tiles(s);
  const E* u = static_cast<const E*>(weights);
  const int panels = Panels(s).count, items = s.groups * kFrequencies * panels;
  const int inBlocks = s.groups * s.cg / B, outBlocks = s.groups * s.og / B;
  const bool wide = isWide(s, omp_get_max_threads());
  const int block = wide ? blockOfTiles(s, half) : tiles.count;
  const ForwardScratch size(s, block, half);
  const int rounds = fairRounds(tiles.count, block, omp_get_max_threads());
#pragma omp parallel
  {
    char* own = scratch + (wide ? omp_get_thread_num() * size.bytes : 0);
    STORED* v = reinterpret_cast<STORED*>(own);
    float* m = reinterpret_cast<float*>(own + size.vBytes);
    const E* operands = reinterpret_cast<const E*>(v);
    if (wide) {
#pragma omp for schedule(static)
      for (int round = 0; round < rounds; round++) {
        // Rounds of equal size, so that the last is no remnant.
        const int first = int(int64_t(tiles.count) * round / rounds);
        const int count = int(int64_t(tiles.count) * (round + 1) / rounds) - first;
        const TileRows rows(tiles, first, count);
        transformInput(s, tiles, rows, x, first, count, 0, inBlocks, v, size.vStride);
        products(s, rows, operands, size.vStride, u, m, size.mStride, 0, items);
        transformOutput(s, tiles, rows, m, size.mStride, first, count, 0, outBlocks, output);
      }
    } else {
      const TileRows rows(tiles, 0, tiles.count);
#pragma omp for schedule(static)
      for (int b = 0; b < inBlocks; b++) transformInput(s, tiles, rows, x, 0, tiles.count, b, b + 1, v, size.vStride);
      // Frequencies in turn, since they differ in rows.
#pragma omp for schedule(static, panels)
      for (int item = 0; item < items; item++) products(s, rows, operands, size.vStride, u, m, size.mStride, item, item + 1);
#pragma omp for schedule(static)
      for (int b = 0; b < outBlocks; b++)
        transformOutput(s, tiles, rows, m, size.mStride, 0, tiles.count, b, b + 1, output);
    }
  }
}

template <class T>
void winogradForward(const WinogradShape& s, const T* x, const void* weights, const float* bias, const Addend& addend,
                     bool relu, bool accumulate, T* y, void* scratch) {
  const Output<T> output{bias, addend, relu, accumulate, y};
  if constexpr (kHasPairs && sizeof(T) == 2) winogradForwardAs<bf16, Pair>(s, x, weights, output, static_cast<char*>(scratch));
  else winogradForwardAs<float, float>(s, x, weights, output, static_cast<char*>(scratch));
}

}  // namespace refold::REFOLD_ISA
