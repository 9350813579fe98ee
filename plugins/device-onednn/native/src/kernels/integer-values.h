/** Between sums, floats and stored bytes. */
#pragma once
#include "integer-shapes.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif
#include "vec.h"

namespace refold::REFOLD_ISA {

typedef uint8_t vb __attribute__((vector_size(B), may_alias));

// GCC converts such vectors lane by lane where it is not told the instruction.
inline vi loadBytes(const uint8_t* p) {
#if defined(__AVX512F__)
  return (vi)_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
#elif defined(__AVX2__)
  return (vi)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
#else
  vb bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, vi);
#endif
}

/** Of numbers from 0 to 255. */
inline vb toBytes(vi whole) {
#if defined(__AVX512F__)
  return (vb)_mm512_cvtepi32_epi8((__m512i)whole);
#elif defined(__AVX2__)
  const __m256i words = _mm256_packus_epi32((__m256i)whole, (__m256i)whole);
  const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
  const __m128i low = _mm256_castsi256_si128(bytes);
  const __m128i both = _mm_unpacklo_epi32(low, _mm_unpackhi_epi64(low, low));
  vb result;
  _mm_storel_epi64(reinterpret_cast<__m128i*>(&result), both);
  return result;
#else
  return __builtin_convertvector(whole, vb);
#endif
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
  return toBytes(whole + zero);
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
