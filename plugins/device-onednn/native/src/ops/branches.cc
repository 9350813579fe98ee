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
    means64_ = Doubles(channels_);
    variances_ = Doubles(channels_);
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
    for (int i = 0; i < count_; i++) {
      if (!norms_[i].present) continue;
      k.moments(image, xs_[i], means64_.get(), variances_.get(), partial_.get());
      normalise(run, i);
    }
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
    const double count = double(image.images) * image.area();
    const double unbiased = count > 1 ? count / (count - 1) : 1;
    for (int c = 0; c < image.channels; c++) {
      const double mean = means64_[c], variance = variances_[c], inverse = 1 / std::sqrt(variance + norm.eps);
      mean_[i][c] = float(mean);
      inverse_[i][c] = float(inverse);
      scale_[i][c] = float(gamma[c] * inverse);
      shift_[c] += float(beta[c] - mean * gamma[c] * inverse);
      runningMean[c] = float((1 - norm.momentum) * runningMean[c] + norm.momentum * mean);
      runningVariance[c] = float((1 - norm.momentum) * runningVariance[c] + norm.momentum * variance * unbiased);
    }
  }

  /** dx = γ/σ · (dp − mean(dp) − x̂ · mean(dp · x̂)) as a · dp + b · x + c. */
  void coefficients(Run& run, int i) {
    const BatchNorm& norm = norms_[i];
    const ImageShape& image = output.value->image;
    const double count = double(image.images) * image.area();
    float* dGamma = run.gradients + run.weights.gradientOffset(norm.weight);
    float* dBeta = run.gradients + run.weights.gradientOffset(norm.bias);
    for (int c = 0; c < image.channels; c++) {
      const double scale = scale_[i][c], inverse = inverse_[i][c];
      const double total = sums_[c], dot = sums_[channels_ * (1 + i) + c] * inverse;
      dGamma[c] = float(dot);
      dBeta[c] = float(total);
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
  Doubles means64_, variances_, partial_, sums_;
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
