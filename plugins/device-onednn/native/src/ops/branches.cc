#include <cmath>
#include "make-op.h"

namespace refold {
namespace {

/**
 * y = activation(Σ normᵢ(xᵢ)) in training; with one branch plain batch_norm, without norms add and activation.
 * Normalised values are never stored: forward keeps per channel only mean, 1/σ and the affine form, from which backward
 * computes again what it needs, in two passes (Ioffe and Szegedy, arXiv 1502.03167, §3).
 */
template <class T>
class Branches : public Op {
 public:
  Branches(const OpMaker& make) : Op(make.step), norms_(make.step.norms), activation_(make.step.activation) {
    for (Value* value : make.inputs) inputs.push_back({value});
    output = {make.output};
    const ImageShape& image = make.output->image;
    channels_ = size_t(image.blocks) * kernels().block;
    count_ = int(norms_.size());
    shift_ = Floats(channels_);
    means64_ = Doubles(channels_ * std::max(1, count_));
    variances_ = Doubles(channels_ * std::max(1, count_));
    shared_ = Doubles(channels_ * 2 * std::max(1, count_));
    partial_ = Doubles(size_t(image.images) * channels_ * (1 + std::max(1, count_)));
    sums_ = Doubles(channels_ * (1 + count_));
    for (const BatchNorm& norm : norms_) {
      const size_t floats = norm.present ? channels_ : 0;
      hasNorms_ |= norm.present;
      for (auto* list : {&scale_, &mean_, &inverse_, &a_, &b_, &c_}) list->emplace_back(floats);
    }
  }

  // The sum is computed again in backward.
  bool keepsInput(int) const override { return true; }
  bool gradientInPlace(int) const override { return true; }

  void forward(Run& run) override {
    const TypedKernels<T>& k = kernels().of<T>();
    const ImageShape& image = output.value->image;
    gather(run);
    std::fill_n(shift_.get(), channels_, 0.0f);
    for (int i = 0; i < count_; i++)
      if (norms_[i].present)
        k.moments(image, xs_[i], means64_.get() + i * channels_, variances_.get() + i * channels_, partial_.get());
    if (hasNorms_ && isShared(run)) shareMoments(*run.statistics);
    for (int i = 0; i < count_; i++)
      if (norms_[i].present) normalise(run, i);
    k.branchesForward(image, count_, xs_, scales_, shift_.get(), activation_, valueOf<T>(run, output));
  }

  void backward(Run& run) override {
    const TypedKernels<T>& k = kernels().of<T>();
    const ImageShape& image = output.value->image;
    gather(run);
    const T* dy = gradientOf<T>(run, output);
    const float *as[kMostBranches], *bs[kMostBranches], *cs[kMostBranches], *means[kMostBranches];
    for (int i = 0; i < count_; i++) {
      const bool present = norms_[i].present;
      means[i] = present ? mean_[i].get() : nullptr;
      as[i] = present ? a_[i].get() : nullptr;
      bs[i] = present ? b_[i].get() : nullptr;
      cs[i] = present ? c_[i].get() : nullptr;
    }
    if (hasNorms_) {
      k.branchesReduce(image, count_, xs_, scales_, means, shift_.get(), activation_, dy, sums_.get(), partial_.get());
      // Parameters' gradients are of this replica, as all others are; what goes on backwards is of all.
      for (int i = 0; i < count_; i++)
        if (norms_[i].present) parameterGradients(run, i);
      if (isShared(run)) run.statistics->sum(sums_.get(), channels_ * (1 + count_));
      for (int i = 0; i < count_; i++)
        if (norms_[i].present) coefficients(run, i);
    }
    BranchGradient<T> gradients[kMostBranches];
    for (int i = 0; i < count_; i++) gradients[i] = {gradientOf<T>(run, inputs[i]), inputs[i].accumulate};
    k.branchesBackward(image, count_, xs_, scales_, shift_.get(), activation_, dy, as, bs, cs, gradients);
  }

  void describe(std::vector<Operation>& all) const override {
    const double values = double(output.value->bytes), norms = hasNorms_ ? count_ : 0;
    const double elements = values / sizeof(T);
    const std::string algorithm = count_ > 1 ? "fused branches" : hasNorms_ ? "fused norm" : "elementwise";
    all.push_back({name, "branches", "forward", algorithm, elements * (3 * norms + 2 * count_ + 1),
                   values * (norms + count_ + 1)});
    all.push_back({name, "branches", "backward", algorithm, elements * (5 * norms + 6 * count_ + 2),
                   values * ((hasNorms_ ? 2 : 1) * (count_ + 1) + count_)});
  }

 private:
  static bool isShared(const Run& run) { return run.statistics && run.statistics->size > 1; }

  /** Pixels of a channel in all replicas, which have the same number. */
  double pixels(const Run& run) const {
    const ImageShape& image = output.value->image;
    return double(image.images) * image.area() * (run.statistics ? run.statistics->size : 1);
  }

  /** Means of means and of squares. A channel's moments are in float64, so that the difference of squares keeps its digits. */
  void shareMoments(const StatisticsGroup& group) {
    const size_t all = channels_ * count_;
    for (size_t c = 0; c < all; c++) {
      shared_[c] = means64_[c];
      shared_[all + c] = variances_[c] + means64_[c] * means64_[c];
    }
    group.sum(shared_.get(), 2 * all);
    for (size_t c = 0; c < all; c++) {
      means64_[c] = shared_[c] / group.size;
      variances_[c] = std::max(0.0, shared_[all + c] / group.size - means64_[c] * means64_[c]);
    }
  }

  void gather(Run& run) {
    for (int i = 0; i < count_; i++) {
      xs_[i] = valueOf<T>(run, inputs[i]);
      scales_[i] = norms_[i].present ? scale_[i].get() : nullptr;
    }
  }

  void normalise(Run& run, int i) {
    const BatchNorm& norm = norms_[i];
    const ImageShape& image = output.value->image;
    const float *gamma = run.weights.tensor(norm.weight), *beta = run.weights.tensor(norm.bias);
    float *runningMean = run.weights.tensor(norm.mean), *runningVariance = run.weights.tensor(norm.variance);
    const double count = pixels(run);
    const double unbiased = count > 1 ? count / (count - 1) : 1;
    for (int c = 0; c < image.channels; c++) {
      const double mean = means64_[i * channels_ + c], variance = variances_[i * channels_ + c], inverse = 1 / std::sqrt(variance + norm.eps);
      mean_[i][c] = float(mean);
      inverse_[i][c] = float(inverse);
      scale_[i][c] = float(gamma[c] * inverse);
      shift_[c] += float(beta[c] - mean * gamma[c] * inverse);
      runningMean[c] = float((1 - norm.momentum) * runningMean[c] + norm.momentum * mean);
      runningVariance[c] = float((1 - norm.momentum) * runningVariance[c] + norm.momentum * variance * unbiased);
    }
  }

  void parameterGradients(Run& run, int i) {
    const BatchNorm& norm = norms_[i];
    float* dGamma = run.gradients + run.weights.gradientOffset(norm.weight);
    float* dBeta = run.gradients + run.weights.gradientOffset(norm.bias);
    for (int c = 0; c < output.value->image.channels; c++) {
      dGamma[c] = float(sums_[channels_ * (1 + i) + c] * inverse_[i][c]);
      dBeta[c] = float(sums_[c]);
    }
  }

  /** dx = γ/σ · (dp − mean(dp) − x̂ · mean(dp · x̂)) as a · dp + b · x + c. */
  void coefficients(Run& run, int i) {
    const double count = pixels(run);
    for (int c = 0; c < output.value->image.channels; c++) {
      const double scale = scale_[i][c], inverse = inverse_[i][c];
      const double total = sums_[c], dot = sums_[channels_ * (1 + i) + c] * inverse;
      const double b = -scale * inverse * dot / count;
      a_[i][c] = float(scale);
      b_[i][c] = float(b);
      c_[i][c] = float(-scale * total / count - b * mean_[i][c]);
    }
  }

  std::vector<BatchNorm> norms_;
  Activation activation_;
  size_t channels_;
  int count_;
  bool hasNorms_ = false;
  Floats shift_;
  Doubles means64_, variances_, shared_, partial_, sums_;
  std::vector<Floats> scale_, mean_, inverse_, a_, b_, c_;
  const T* xs_[kMostBranches];
  const float* scales_[kMostBranches];
};

}  // namespace

template <class T>
std::unique_ptr<Op> makeBranches(const OpMaker& make) {
  return std::make_unique<Branches<T>>(make);
}
template std::unique_ptr<Op> makeBranches<float>(const OpMaker&);
template std::unique_ptr<Op> makeBranches<bf16>(const OpMaker&);

}  // namespace refold
