#include <algorithm>
#include <cmath>
#include "vector-op.h"

namespace refold {
namespace {

/**
 * y = activation(Σ normᵢ(xᵢ)) of vectors: a batch norm's statistics are those of a feature over the batch.
 * Normed inputs are kept: they are small.
 */
class VectorBranches : public VectorOp {
 public:
  VectorBranches(const OpMaker& make)
      : VectorOp(make), activation_(make.step.activation), training_(make.training), norms_(make.step.norms) {
    norms_.resize(inputs.size());
    for (const BatchNorm& norm : norms_) {
      const size_t width = norm.present ? size_t(features(output)) : 0;
      hasNorms_ |= norm.present;
      normed_.emplace_back(norm.present ? count() + kPadding : 0);
      for (auto* list : {&mean_, &inverse_}) list->emplace_back(width);
    }
    const size_t all = hasNorms_ ? 2 * size_t(features(output)) * norms_.size() : 0;
    sums_ = Doubles(all);
    summed_ = Floats(hasNorms_ && training_ ? count() + kPadding : 0);
  }
  bool keepsInput(int) const override { return true; }

  void forward(Run& run) override {
    if (hasNorms_ && training_) moments(run);
    gather(run, true);
    kernels().activateVector(count(), int(inputs.size()), xs_, activation_, valueOf<float>(run, output));
  }

  void backward(Run& run) override {
    gather(run, false);
    const float* dy = gradientOf<float>(run, output);
    if (!hasNorms_) {
      for (const Port& input : inputs)
        if (float* dx = gradientOf<float>(run, input)) gradientOfSum(dy, dx, input.accumulate);
      return;
    }
    gradientOfSum(dy, summed_.get(), false);
    const size_t width = features(output), all = width * norms_.size();
    for (size_t i = 0; i < norms_.size(); i++)
      if (norms_[i].present) parameterGradients(run, i, sums_.get() + i * width, sums_.get() + all + i * width);
    if (isShared(run)) run.statistics->sum(sums_.get(), 2 * all);
    for (size_t i = 0; i < norms_.size(); i++)
      if (float* dx = gradientOf<float>(run, inputs[i]))
        inputGradient(run, i, sums_.get() + i * width, sums_.get() + all + i * width, dx);
  }

  size_t ownBytes() const override {
    size_t floats = hasNorms_ ? count() : 0;
    for (const BatchNorm& norm : norms_) floats += norm.present ? count() : 0;
    return 4 * floats;
  }

 private:
  /** Kernels read and write whole vectors of floats. */
  static constexpr size_t kPadding = 16;

  static bool isShared(const Run& run) { return run.statistics && run.statistics->size > 1; }
  double rows(const Run& run) const { return double(images_) * (run.statistics ? run.statistics->size : 1); }

  void gradientOfSum(const float* dy, float* dx, bool accumulate) {
    kernels().activateVectorBackward(count(), int(inputs.size()), xs_, activation_, dy, dx, accumulate);
  }

  /** Means and mean squares, of all replicas. */
  void moments(Run& run) {
    const size_t width = features(output), all = width * norms_.size();
    std::fill_n(sums_.get(), 2 * all, 0.0);
    for (size_t i = 0; i < norms_.size(); i++) {
      if (!norms_[i].present) continue;
      const float* x = valueOf<float>(run, inputs[i]);
      for (size_t f = 0; f < width; f++) {
        // Around the mean first: the difference of squares keeps its digits.
        double mean = 0, variance = 0;
        for (int n = 0; n < images_; n++) mean += x[n * width + f];
        mean /= images_;
        for (int n = 0; n < images_; n++) variance += (x[n * width + f] - mean) * (x[n * width + f] - mean);
        sums_[i * width + f] = mean;
        sums_[all + i * width + f] = variance / images_ + mean * mean;
      }
    }
    if (isShared(run)) {
      run.statistics->sum(sums_.get(), 2 * all);
      for (size_t k = 0; k < 2 * all; k++) sums_[k] /= run.statistics->size;
    }
    for (size_t i = 0; i < norms_.size(); i++)
      if (norms_[i].present) move(run, i, sums_.get() + i * width, sums_.get() + all + i * width);
  }

  void move(Run& run, size_t i, const double* means, const double* squares) {
    const BatchNorm& norm = norms_[i];
    float *runningMean = run.weights.tensor(norm.mean), *runningVariance = run.weights.tensor(norm.variance);
    const double total = rows(run), unbiased = total > 1 ? total / (total - 1) : 1;
    for (int f = 0; f < features(output); f++) {
      const double mean = means[f], variance = std::max(0.0, squares[f] - mean * mean);
      mean_[i][f] = mean;
      inverse_[i][f] = 1 / std::sqrt(variance + norm.eps);
      runningMean[f] = float((1 - norm.momentum) * runningMean[f] + norm.momentum * mean);
      runningVariance[f] = float((1 - norm.momentum) * runningVariance[f] + norm.momentum * variance * unbiased);
    }
  }

  /** Points `xs_` to what is summed. @param fresh whether inputs have to be normed */
  void gather(Run& run, bool fresh) {
    for (size_t i = 0; i < inputs.size(); i++) {
      xs_[i] = norms_[i].present ? normed_[i].get() : valueOf<float>(run, inputs[i]);
      if (norms_[i].present && fresh) normalise(run, i);
    }
  }

  void normalise(Run& run, size_t i) {
    const BatchNorm& norm = norms_[i];
    const float *gamma = run.weights.tensor(norm.weight), *beta = run.weights.tensor(norm.bias);
    const float* x = valueOf<float>(run, inputs[i]);
    const size_t width = features(output);
    for (size_t f = 0; f < width; f++) {
      if (!training_) {
        mean_[i][f] = run.weights.tensor(norm.mean)[f];
        inverse_[i][f] = 1 / std::sqrt(double(run.weights.tensor(norm.variance)[f]) + norm.eps);
      }
      for (int n = 0; n < images_; n++)
        normed_[i][n * width + f] = float(gamma[f] * inverse_[i][f] * (x[n * width + f] - mean_[i][f]) + beta[f]);
    }
  }

  /** Of this replica, as all parameters' are. Leaves Σ dp and Σ dp · x̂ for the inputs' gradients. */
  void parameterGradients(Run& run, size_t i, double* totals, double* dots) {
    const float* x = valueOf<float>(run, inputs[i]);
    float* dGamma = run.gradients + run.weights.gradientOffset(norms_[i].weight);
    float* dBeta = run.gradients + run.weights.gradientOffset(norms_[i].bias);
    const size_t width = features(output);
    for (size_t f = 0; f < width; f++) {
      totals[f] = dots[f] = 0;
      for (int n = 0; n < images_; n++) {
        const double dp = summed_[n * width + f];
        totals[f] += dp;
        dots[f] += dp * (x[n * width + f] - mean_[i][f]) * inverse_[i][f];
      }
      dGamma[f] = float(dots[f]);
      dBeta[f] = float(totals[f]);
    }
  }

  /** dx = γ/σ · (dp − mean(dp) − x̂ · mean(dp · x̂)) behind a norm, else dp. */
  void inputGradient(Run& run, size_t i, const double* totals, const double* dots, float* dx) {
    const size_t width = features(output);
    const bool accumulate = inputs[i].accumulate;
    if (!norms_[i].present) {
      for (size_t k = 0; k < count(); k++) put(dx + k, summed_[k], accumulate);
      return;
    }
    const float *gamma = run.weights.tensor(norms_[i].weight), *x = valueOf<float>(run, inputs[i]);
    const double total = rows(run);
    for (size_t f = 0; f < width; f++) {
      const double inverse = inverse_[i][f];
      for (int n = 0; n < images_; n++) {
        const size_t at = n * width + f;
        const double normal = (x[at] - mean_[i][f]) * inverse;
        put(dx + at, float(gamma[f] * inverse * (summed_[at] - totals[f] / total - normal * dots[f] / total)), accumulate);
      }
    }
  }

  Activation activation_;
  bool training_, hasNorms_ = false;
  std::vector<BatchNorm> norms_;
  std::vector<Floats> normed_;
  std::vector<Doubles> mean_, inverse_;
  Doubles sums_;
  /** Gradient of the sum. */
  Floats summed_;
  const float* xs_[kMostBranches];
};

}  // namespace

std::unique_ptr<Op> makeVectorBranches(const OpMaker& make) { return std::make_unique<VectorBranches>(make); }

}  // namespace refold
