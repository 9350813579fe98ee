/** Plain weights packed for products in tiles (matrix-conv.h): U of a group is [K × O], K = tap · cg + c. */
#pragma once
#include <omp.h>
#include "matrix-conv.h"

namespace refold::REFOLD_ISA {

#if defined(__AMX_BF16__)

/** Kernels of all input channels for B output channels from `from`, whose values lie `oStride` apart: [tap of the kernel][c]. */
inline void gatherKernels(int channels, int area, const float* from, size_t oStride, size_t cStride, vf factor, vf* rows) {
  for (int c = 0; c < channels; c++)
    for (int first = 0; first < area; first += B) {
      const int count = area - first < B ? area - first : B;
      vf taps[B];
      if (oStride == 1) taps[0] = loadAnywhere(from + c * cStride);
      else loadTaps(from + c * cStride + first, oStride, count, taps);
      for (int t = 0; t < count; t++) rows[size_t(first + t) * channels + c] = taps[t] * factor;
    }
}

/** A step of U from two halves of 16 rows along K; null: zeros. */
template <int PARTS>
inline void packStep(const vf* low, const vf* high, bf16* to) {
  const auto row = [&](int k) {
    const vf* half = k < B ? low : high;
    return half ? half[k % B] : zero();
  };
  for (int p = 0; p < kTilePairs; p++, to += kStep) {
    const vf first = row(pairAt<PARTS>(p)), second = row(pairAt<PARTS>(p) + kPairDistance<PARTS>);
    if constexpr (PARTS == 1) storePairs(reinterpret_cast<Pair*>(to), first, second);
    else storeParts(to, 2 * kTileValues, first, second);
  }
}

/** Bytes that a thread needs to pack such weights. */
inline size_t matrixPackScratch(const MatrixConvShape& s) { return size_t(s.kernelArea) * s.cg * sizeof(vf); }

/**
 * U of each part from the same w[groups · o, c, kernel]; `turned`: from the weights of the convolution whose gradient they are,
 * w[c, o, kernel].
 */
template <class T>
void matrixConvWeights(const MatrixPart* all, int count, const float* w, const float* scale, bool turned, void* scratch) {
  constexpr int parts = kParts<T>;
  const MatrixConvShape& s = *all[0].shape;
  const int vectors = s.og / B, blocks = s.cg / B, pairs = vectorPairsOf(vectors);
  const size_t oStride = turned ? s.kernelArea : size_t(s.cg) * s.kernelArea;
  const size_t cStride = turned ? size_t(s.og) * s.kernelArea : s.kernelArea;
#pragma omp parallel
  {
    vf* rows = reinterpret_cast<vf*>(static_cast<char*>(scratch) + omp_get_thread_num() * matrixPackScratch(s));
#pragma omp for collapse(2) schedule(static)
    for (int g = 0; g < s.groups; g++)
      for (int v = 0; v < 2 * pairs; v++) {
        if (v < vectors)
          gatherKernels(s.cg, s.kernelArea, w + size_t(g) * s.og * s.cg * s.kernelArea + v * B * oStride, oStride, cStride,
                        scale ? loadAnywhere(scale + g * s.og + v * B) : splat(1), rows);
        for (int i = 0; i < count; i++) {
          const MatrixSizes<T> size(*all[i].shape, 1);
          bf16* u = static_cast<bf16*>(all[i].u) + g * size.uGroup;
          const auto half = [&](int h) -> const vf* {
            if (v >= vectors || h >= size.halves) return nullptr;
            return rows + size_t(all[i].shape->taps[h / blocks].index) * s.cg + h % blocks * B;
          };
          for (int step = 0; step < size.steps; step++)
            packStep<parts>(half(2 * step), half(2 * step + 1), u + placeInB<parts>(size.steps, step * kTilePairs, v));
        }
      }
  }
}

#endif

}  // namespace refold::REFOLD_ISA
