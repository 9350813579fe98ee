/** Between sums, floats and stored bytes. */
#pragma once
#include "integer-shapes.h"
#include "vec.h"

namespace refold::REFOLD_ISA {

typedef uint8_t vb __attribute__((vector_size(B), may_alias));

inline vi loadBytes(const uint8_t* p) {
  vb bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, vi);
}

/** Stored numbers of values that are whole already but for rounding: half to even, clamped, then shifted by `zero`. */
inline vb storedOf(vf value, vf low, vf high, int zero) {
  const vf clamped = min(high, max(low, value));
#if defined(__AVX512F__)
  const vi whole = (vi)_mm512_cvtps_epi32((__m512)clamped);
#else
  // Small numbers, whose fraction this pushes out of the mantissa.
  const vf shifted = clamped + 12582912.0f;
  const vi whole = (vi)shifted - (vi)splat(12582912.0f);
#endif
  return __builtin_convertvector(whole + zero, vb);
}

/** @param lanes of the block that are the caller's to write */
inline void storeBytes(uint8_t* p, vb bytes, int lanes) {
  if (lanes >= B) std::memcpy(p, &bytes, B);
  else
    for (int lane = 0; lane < lanes; lane++) p[lane] = bytes[lane];
}

inline void storeImages(int images, int channels, size_t area, bool dense, Storage s, const float* x, uint8_t* y) {
  const int stride = pixelBytes(channels), blocks = (channels + B - 1) / B;
  const vf low = splat(float(-s.zero)), high = splat(float(255 - s.zero)), scale = splat(s.scale);
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < int64_t(images * area); pixel++) {
    const size_t image = pixel / area, place = pixel % area;
    for (int block = 0; block < blocks; block++) {
      const int lanes = channels - block * B < B ? channels - block * B : B;
      vf v = zero();
      if (!dense) v = load(x + ((image * blocks + block) * area + place) * B);
      else
        for (int lane = 0; lane < lanes; lane++) v[lane] = x[image * channels + block * B + lane];
      storeBytes(y + pixel * stride + block * B, storedOf(v / scale, low, high, s.zero), lanes);
    }
  }
}

inline void restoreImages(int images, int channels, size_t area, bool dense, Storage s, const uint8_t* x, float* y) {
  const int stride = pixelBytes(channels), blocks = (channels + B - 1) / B;
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < int64_t(images * area); pixel++) {
    const size_t image = pixel / area, place = pixel % area;
    for (int block = 0; block < blocks; block++) {
      const int lanes = channels - block * B < B ? channels - block * B : B;
      const vf v = __builtin_convertvector(loadBytes(x + pixel * stride + block * B) - s.zero, vf) * s.scale;
      if (!dense) store(y + ((image * blocks + block) * area + place) * B, v);
      else
        for (int lane = 0; lane < lanes; lane++) y[image * channels + block * B + lane] = v[lane];
    }
  }
}

inline void poolImages(int images, int channels, size_t area, Storage s, const uint8_t* x, float* y) {
  const int stride = pixelBytes(channels), blocks = (channels + B - 1) / B;
  const float factor = s.scale / float(area);
#pragma omp parallel for collapse(2) schedule(static)
  for (int image = 0; image < images; image++)
    for (int block = 0; block < blocks; block++) {
      const uint8_t* from = x + image * area * stride + block * B;
      vi sum = vi{} - int32_t(area) * s.zero;
      for (size_t place = 0; place < area; place++) sum += loadBytes(from + place * stride);
      store(y + (size_t(image) * blocks + block) * B, __builtin_convertvector(sum, vf) * factor);
    }
}

}  // namespace refold::REFOLD_ISA
