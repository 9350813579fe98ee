/** Depthwise convolutions of stored bytes: each channel meets its own weights alone, in vectors of 32 bits. */
#pragma once
#include <omp.h>
#include "integer-products.h"
#include "integer-values.h"

namespace refold::REFOLD_ISA {

inline bool isDepthwise(const IntegerConvShape& s) {
  return s.cg == 1 && s.og == 1 && pixelBytes(s.in()) % 16 == 0 && s.kernelH <= kMostRuns;
}

/** sum + x · w of numbers of nine bits, each channel for itself. x has no upper half, so that of w does not count. */
inline vi addProduct(vi sum, vi x, vi w) {
#if defined(__AVX512VNNI__)
  return (vi)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
#elif defined(__AVX512BW__)
  return sum + (vi)_mm512_madd_epi16((__m512i)x, (__m512i)w);
#else
  return sum + x * w;
#endif
}

/** A line of one block of channels: the kernel's lines that lie in the image, and what the others add. */
struct DepthwiseLine {
  const uint8_t* lines[kMostRuns];
  const int32_t* weights[kMostRuns];
  int count = 0;
  vi bias;
};

/** Sums of N pixels from `column` on, which lie in the image under every tap where `isInner`. */
template <int N>
inline void depthwiseSums(const IntegerConvShape& s, const DepthwiseLine& line, int stride, int column, bool isInner, vi* sums) {
  for (int n = 0; n < N; n++) sums[n] = line.bias;
  for (int l = 0; l < line.count; l++)
    for (int kx = 0; kx < s.kernelW; kx++) {
      vi weight;
      std::memcpy(&weight, line.weights[l] + size_t(kx) * stride, sizeof weight);
      for (int n = 0; n < N; n++) {
        const int ix = (column + n) * s.strideW - s.padW + kx * s.dilationW;
        const bool isInside = isInner || unsigned(ix) < unsigned(s.inW);
        const vi value = isInside ? loadBytes(line.lines[l] + ptrdiff_t(ix) * stride) : vi{} + int32_t(s.zero);
        sums[n] = addProduct(sums[n], value, weight);
      }
    }
}

inline void integerDepthwise(const IntegerConvShape& s, const uint8_t* x, const void* weights, const IntegerTarget& t) {
  constexpr int kTogether = 4;
  const int stride = pixelBytes(s.in()), blocks = (s.in() + B - 1) / B;
  const int32_t* w = static_cast<const int32_t*>(weights);
  const vf low = splat(t.relu ? 0.0f : float(-t.zero)), high = splat(float(255 - t.zero));
  const int reach = (s.kernelW - 1) * s.dilationW;
  const auto isInner = [&](int from, int to) {
    return from * s.strideW >= s.padW && to * s.strideW - s.padW + reach < s.inW;
  };
#pragma omp parallel for collapse(2) schedule(static)
  for (int image = 0; image < s.images; image++)
    for (int y = 0; y < s.outH; y++)
      for (int block = 0; block < blocks; block++) {
        DepthwiseLine line;
        std::memcpy(&line.bias, t.bias + block * B, sizeof line.bias);
        for (int ky = 0; ky < s.kernelH; ky++) {
          const int iy = y * s.strideH - s.padH + ky * s.dilationH;
          const int32_t* own = w + size_t(ky) * s.kernelW * stride + block * B;
          if (unsigned(iy) < unsigned(s.inH)) {
            line.lines[line.count] = x + (size_t(image) * s.inH + iy) * s.inW * stride + block * B;
            line.weights[line.count++] = own;
            continue;
          }
          for (int kx = 0; kx < s.kernelW; kx++) {
            vi weight;
            std::memcpy(&weight, own + size_t(kx) * stride, sizeof weight);
            line.bias += weight * int32_t(s.zero);
          }
        }
        const vf factor = loadAnywhere(t.factor + block * B);
        for (int column = 0; column < s.outW;) {
          vi sums[kTogether];
          const int last = column + kTogether - 1;
          const bool isWide = last < s.outW && isInner(column, last);
          if (isWide) depthwiseSums<kTogether>(s, line, stride, column, true, sums);
          else depthwiseSums<1>(s, line, stride, column, false, sums);
          for (int n = 0; n < (isWide ? kTogether : 1); n++, column++) {
            const vf value = __builtin_convertvector(sums[n], vf) * factor;
            const size_t place = size_t(y) * s.outW + column, row = size_t(image) * s.outH * s.outW + place;
            if (t.bytes) storeBytes(t.bytes + row * stride + block * B, storedOf(value, low, high, t.zero), B);
            else
              storeAnywhere(t.floats + image * t.imageStride + place * t.pixelStride + block * t.blockStride,
                            t.relu ? max(zero(), value) : value);
          }
        }
      }
}

}  // namespace refold::REFOLD_ISA
