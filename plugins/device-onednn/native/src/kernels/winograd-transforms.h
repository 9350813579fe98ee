/**
 * The transforms of Winograd's F(4×4, 3×3) for the points 0, ±P, ±Q, ∞ (Lavin and Gray, arXiv 1509.09308; Toom–Cook):
 * Bᵀ takes six values of an image, G three of a kernel, Aᵀ gives four results; A and Gᵀ are their transposes. F(2, 3) for the points
 * 0, ±P, ∞ takes the same transformed kernels: where its own would differ by a factor, Bᵀ has it.
 */
#pragma once
#include "vec.h"

/** Before a loop over the values of a patch: left alone, GCC unrolls 16 turns at most and spends more on places than on values. */
#if defined(__clang__)
#define REFOLD_UNROLLED _Pragma("unroll")
#else
#define REFOLD_UNROLLED _Pragma("GCC unroll 36")
#endif

namespace refold::REFOLD_ISA {

constexpr int kFrequencies = 36;
constexpr float P = REFOLD_WINOGRAD_P, Q = REFOLD_WINOGRAD_Q;

/** A side of a tile by F(4, 3). */
struct Whole {
  static constexpr int kSize = 4, kPatch = 6;
  /** Of a patch's value among the six. */
  static constexpr int frequency(int i) { return i; }
  /** Bᵀ d. */
  static void input(const vf d[6], vf out[6]) {
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
  static void output(const vf m[6], vf out[4]) {
    const vf sumP = m[1] + m[2], differenceP = m[1] - m[2], sumQ = m[3] + m[4], differenceQ = m[3] - m[4];
    out[0] = m[0] + sumP + sumQ;
    out[1] = P * differenceP + Q * differenceQ;
    out[2] = (P * P) * sumP + (Q * Q) * sumQ;
    out[3] = (P * P * P) * differenceP + (Q * Q * Q) * differenceQ + m[5];
  }
  /** A y: the transpose of `output`. */
  static void gradient(const vf y[4], vf out[6]) {
    const vf evenP = y[0] + (P * P) * y[2], oddP = P * y[1] + (P * P * P) * y[3];
    const vf evenQ = y[0] + (Q * Q) * y[2], oddQ = Q * y[1] + (Q * Q * Q) * y[3];
    out[0] = y[0];
    out[1] = evenP + oddP;
    out[2] = evenP - oddP;
    out[3] = evenQ + oddQ;
    out[4] = evenQ - oddQ;
    out[5] = y[3];
  }
};

/** A side by F(2, 3): the same for four values of an image and two results. */
struct Edge {
  static constexpr int kSize = 2, kPatch = 4;
  static constexpr int frequency(int i) { return i < 3 ? i : 5; }
  static void input(const vf d[4], vf out[4]) {
    constexpr float PP = P * P, QQ = Q * Q;
    const vf even = (PP - QQ) * d[2], odd = (P * (PP - QQ)) * d[1];
    out[0] = (PP * QQ) * d[0] - QQ * d[2];
    out[1] = even + odd;
    out[2] = even - odd;
    out[3] = d[3] - PP * d[1];
  }
  static void output(const vf m[4], vf out[2]) {
    out[0] = m[0] + m[1] + m[2];
    out[1] = P * (m[1] - m[2]) + m[3];
  }
  static void gradient(const vf y[2], vf out[4]) {
    out[0] = y[0];
    out[1] = y[0] + P * y[1];
    out[2] = y[0] - P * y[1];
    out[3] = y[1];
  }
};

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

using Transform = void (*)(const vf*, vf*);

/** Applies `DOWN` to the columns, then `ACROSS` to the rows. */
template <int IN_H, int OUT_H, Transform DOWN, int IN_W, int OUT_W, Transform ACROSS>
inline void bothWays(const vf in[IN_H][IN_W], vf out[OUT_H][OUT_W]) {
  vf half[IN_W][OUT_H];
  REFOLD_UNROLLED
  for (int x = 0; x < IN_W; x++) {
    vf column[IN_H];
    for (int y = 0; y < IN_H; y++) column[y] = in[y][x];
    DOWN(column, half[x]);
  }
  REFOLD_UNROLLED
  for (int y = 0; y < OUT_H; y++) {
    vf row[IN_W];
    for (int x = 0; x < IN_W; x++) row[x] = half[x][y];
    ACROSS(row, out[y]);
  }
}

/** Bᵀ d B, Aᵀ m A and A y Aᵀ of a tile with sides Y and X. */
template <class Y, class X>
inline void inputTransform(const vf d[Y::kPatch][X::kPatch], vf out[Y::kPatch][X::kPatch]) {
  bothWays<Y::kPatch, Y::kPatch, Y::input, X::kPatch, X::kPatch, X::input>(d, out);
}
template <class Y, class X>
inline void outputTransform(const vf m[Y::kPatch][X::kPatch], vf out[Y::kSize][X::kSize]) {
  bothWays<Y::kPatch, Y::kSize, Y::output, X::kPatch, X::kSize, X::output>(m, out);
}
template <class Y, class X>
inline void gradientTransform(const vf y[Y::kSize][X::kSize], vf out[Y::kPatch][X::kPatch]) {
  bothWays<Y::kSize, Y::kPatch, Y::gradient, X::kSize, X::kPatch, X::gradient>(y, out);
}

}  // namespace refold::REFOLD_ISA
