/** Activations and their derivatives on vectors; facts: the ops of @refold/graph. */
#pragma once
#include "kernel-table.h"
#include "vec.h"

namespace refold::REFOLD_ISA {

inline vf sigmoid(vf x) { return 1.0f / (1.0f + exp(-x)); }

/** erf has no vector form that is exact enough; gelu networks are rare enough. */
inline vf erf(vf x) {
  vf y;
  for (int lane = 0; lane < B; lane++) y[lane] = std::erf(x[lane]);
  return y;
}

inline vf activate(Activation kind, vf x) {
  switch (kind) {
    case Activation::none: return x;
    // The value comes second: then a NaN stays one, and a diverged run is seen.
    case Activation::relu: return max(zero(), x);
    case Activation::relu6: return min(splat(6), max(zero(), x));
    case Activation::silu: return x * sigmoid(x);
    case Activation::gelu: return 0.5f * x * (1.0f + erf(x * 0.70710678118654752f));
    case Activation::sigmoid: return sigmoid(x);
    case Activation::hardSigmoid: return min(splat(6), max(zero(), x + 3.0f)) * (1.0f / 6);
    case Activation::hardSwish: return x * min(splat(6), max(zero(), x + 3.0f)) * (1.0f / 6);
  }
  return x;
}

/** dy · activation′(x). */
inline vf activateBackward(Activation kind, vf x, vf dy) {
  switch (kind) {
    case Activation::none: return dy;
    case Activation::relu: return whereGreater(x, zero(), dy, zero());
    case Activation::relu6: return whereGreater(x, zero(), whereGreater(splat(6), x, dy, zero()), zero());
    case Activation::silu: {
      vf s = sigmoid(x);
      return dy * s * (1.0f + x * (1.0f - s));
    }
    case Activation::gelu:
      return dy * (0.5f * (1.0f + erf(x * 0.70710678118654752f)) + x * 0.39894228040143268f * exp(-0.5f * x * x));
    case Activation::sigmoid: {
      vf s = sigmoid(x);
      return dy * s * (1.0f - s);
    }
    case Activation::hardSigmoid:
      return dy * whereGreater(x, splat(-3), whereGreater(splat(3), x, splat(1.0f / 6), zero()), zero());
    case Activation::hardSwish: {
      vf inner = (2.0f * x + 3.0f) * (1.0f / 6);
      return dy * whereGreater(x, splat(-3), whereGreater(splat(3), x, inner, splat(1)), zero());
    }
  }
  return dy;
}

}  // namespace refold::REFOLD_ISA
