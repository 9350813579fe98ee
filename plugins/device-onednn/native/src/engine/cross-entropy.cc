#include "cross-entropy.h"
#include <cmath>

namespace refold {

Loss crossEntropy(const Program& program, const Batch& batch, const float* logits, int classes, float* dLogits) {
  Loss result;
  const double smoothing = program.labelSmoothing, spread = smoothing / classes;
  for (int n = 0; n < batch.images; n++) {
    const float* x = logits + size_t(n) * classes;
    const auto target = [&](int k) {
      return batch.targets ? double(batch.targets[size_t(n) * classes + k]) : batch.labels[n] == k ? 1.0 : 0.0;
    };
    int best = 0, label = 0;
    for (int k = 1; k < classes; k++) {
      if (x[k] > x[best]) best = k;
      if (target(k) > target(label)) label = k;
    }
    double sum = 0, total = 0;
    for (int k = 0; k < classes; k++) sum += std::exp(double(x[k]) - x[best]);
    const double logSum = std::log(sum) + x[best];
    for (int k = 0; k < classes; k++) {
      const double q = (1 - smoothing) * target(k) + spread;
      total += q;
      if (q != 0) result.loss -= q * (x[k] - logSum);
    }
    for (int k = 0; k < classes; k++) {
      const double q = (1 - smoothing) * target(k) + spread;
      dLogits[size_t(n) * classes + k] = float((std::exp(x[k] - logSum) * total - q) / batch.images);
    }
    result.correct += best == label;
  }
  result.loss /= batch.images;
  return result;
}

}  // namespace refold
