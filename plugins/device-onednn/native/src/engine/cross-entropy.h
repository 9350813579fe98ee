#pragma once
#include "plan.h"

namespace refold {

struct Loss {
  double loss = 0;
  int correct = 0;
};

/**
 * L = −1/N Σ_n Σ_k q[n, k] log softmax(x[n])[k], q = (1 − ε) · target + ε / K; dx = (softmax(x) · Σ_k q − q) / N.
 * In float64, rounded once.
 */
Loss crossEntropy(const Program&, const Batch&, const float* logits, int classes, float* dLogits);

}  // namespace refold
