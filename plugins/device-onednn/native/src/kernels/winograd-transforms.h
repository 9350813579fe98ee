/**
 * The transforms of Winograd's F(4×4, 3×3) for the points 0, ±P, ±Q, ∞ (Lavin and Gray, arXiv 1509.09308; Toom–Cook):
 * Bᵀ takes six values of an image, G three of a kernel, Aᵀ gives four results; A and Gᵀ are their transposes.
 */
#pragma once
#include "vec.h"

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

}  // namespace refold::REFOLD_ISA
