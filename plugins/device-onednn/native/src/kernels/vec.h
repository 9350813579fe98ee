/**
 * Portable vectors of one channel block. Compiled once per instruction set, each in a namespace of its own
 * (REFOLD_ISA), so that the linker never mixes them.
 */
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include "bf16.h"

namespace refold::REFOLD_ISA {

/** Channels of a block: one vector register of floats. */
#if defined(__AVX512F__)
constexpr int B = 16;
#else
constexpr int B = 8;
#endif

typedef float vf __attribute__((vector_size(B * 4), may_alias));
typedef int32_t vi __attribute__((vector_size(B * 4), may_alias));
typedef uint32_t vu __attribute__((vector_size(B * 4), may_alias));
typedef uint16_t vh __attribute__((vector_size(B * 2), may_alias));

inline vf splat(float x) { return vf{} + x; }
inline vf zero() { return vf{}; }

inline vf load(const float* p) { return *reinterpret_cast<const vf*>(p); }
inline vf load(const bf16* p) {
  vh half = *reinterpret_cast<const vh*>(p);
  return (vf)(__builtin_convertvector(half, vu) << 16);
}
inline void store(float* p, vf v) { *reinterpret_cast<vf*>(p) = v; }
inline void store(bf16* p, vf v) {
#if defined(__AVX512BF16__)
  _mm256_store_si256(reinterpret_cast<__m256i*>(p), (__m256i)_mm512_cvtneps_pbh((__m512)v));
#else
  vu bits = (vu)v;
  vu rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // Rounding up could turn a NaN into an infinity: keep it a quiet NaN.
  vi isNaN = v != v;
  vu nan = (bits >> 16) | 0x40;
  rounded = ((vu)isNaN & nan) | (~(vu)isNaN & rounded);
  *reinterpret_cast<vh*>(p) = __builtin_convertvector(rounded, vh);
#endif
}
/** Of data that is aligned to its elements only. */
inline vf loadAnywhere(const float* p) {
  vf v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void storeAnywhere(float* p, vf v) { std::memcpy(p, &v, sizeof v); }

/** Where one is a NaN, `b`. */
inline vf max(vf a, vf b) {
#if defined(__AVX512F__)
  return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#else
  return a > b ? a : b;
#endif
}
/** Where one is a NaN, `b`. */
inline vf min(vf a, vf b) {
#if defined(__AVX512F__)
  return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#else
  return a < b ? a : b;
#endif
}
/** Where `a > b`, `yes`, else `no`. */
inline vf whereGreater(vf a, vf b, vf yes, vf no) {
  vi mask = a > b;
  return (vf)(((vi)yes & mask) | ((vi)no & ~mask));
}

/** exp, relative error below 2e-7 (Cephes' polynomial); clamped to the range of finite floats. */
inline vf exp(vf x) {
  x = min(splat(88.37626f), max(splat(-87.33654f), x));
  vf scaled = x * 1.44269504088896341f;
  vi whole = __builtin_convertvector(scaled + (vf)(((vi)scaled & (vi)splat(-0.0f)) | (vi)splat(0.5f)), vi);
  vf n = __builtin_convertvector(whole, vf);
  vf r = x - n * 0.693359375f + n * 2.12194440e-4f;
  vf p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return p * (vf)((whole + 127) << 23);
}

/** Sum of the lanes in float64, in order. */
inline double sumOf(vf v) {
  double sum = 0;
  for (int lane = 0; lane < B; lane++) sum += v[lane];
  return sum;
}

}  // namespace refold::REFOLD_ISA
