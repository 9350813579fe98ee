#include <algorithm>
#include <cmath>
#include "conv-kernel.h"
#include "make-op.h"

namespace refold {
namespace {

/**
 * activation(Σ convᵢ + Σ addendᵢ) of inference. Norms have constant statistics then: they scale the kernels, and what
 * they shift is one bias. Addends come first, in one pass, but a single one goes with the last convolution where that takes it;
 * each convolution adds to the output; the last one activates.
 * Every branch is still computed: joining the kernels is fusion, which `refold fuse` does and proves.
 */
template <class T>
class FoldedBranches : public Op {
 public:
  FoldedBranches(const OpMaker& make, const std::vector<FoldedConv>& convs, bool keepsWeights)
      : Op(make.step), activation_(make.step.activation), keeps_(keepsWeights) {
    output = {make.output};
    const size_t channels = size_t(make.output->image.blocks) * kernels().block;
    shift_ = Floats(channels);
    for (size_t i = 0; i < make.inputs.size(); i++) {
      inputs.push_back({make.inputs[i]});
      addends_.push_back(make.step.norms[i]);
      scales_.emplace_back(make.step.norms[i].present ? channels : 0);
    }
    convs_ = convs;
    // The fastest to end with: Winograd's last transform adds, shifts and activates on its way.
    std::stable_sort(convs_.begin(), convs_.end(),
                     [](const FoldedConv& a, const FoldedConv& b) { return a.conv->kernel[0] < b.conv->kernel[0]; });
    for (const FoldedConv& one : convs_) {
      inputs.push_back({one.input});
      shapes_.push_back(convShape(*one.conv, *one.input, *make.output, sizeof(T) == 2));
      factors_.emplace_back(channels);
    }
    makeKernels();
    if (keeps_)
      for (const auto& kernel : kernels_) kept_.emplace_back(kernel->weightBytes(), Pages::small);
  }

  void forward(Run& run) override {
    if (!keeps_ || !isReady_) affine(run.weights);
    const TypedKernels<T>& k = refold::kernels().of<T>();
    T* y = valueOf<T>(run, output);
    const bool activatesHere = convs_.empty() || activation_ == Activation::none || activation_ == Activation::relu;
    if (addendsLead_) {
      const T* xs[kMostBranches];
      const float* scales[kMostBranches];
      for (size_t i = 0; i < addends_.size(); i++) {
        xs[i] = valueOf<T>(run, inputs[i]);
        scales[i] = addends_[i].present ? scales_[i].get() : nullptr;
      }
      k.branchesForward(output.value->image, int(addends_.size()), xs, scales, shift_.get(),
                        convs_.empty() ? activation_ : Activation::none, y);
    }
    for (size_t i = 0; i < convs_.size(); i++) {
      ConvKernel& kernel = *kernels_[i];
      const bool isFirst = i == 0 && !addendsLead_;
      if (i + 1 == convs_.size() && !addends_.empty() && !addendsLead_)
        kernel.addend = {valueOf<T>(run, inputs[0]), addends_[0].present ? scales_[0].get() : nullptr};
      char* weights = keeps_ ? kept_[i].at() : run.scratch;
      char* scratch = keeps_ ? run.scratch : weights + aligned(kernel.weightBytes());
      if (!keeps_ || !isReady_)
        kernel.prepare(run.weights.tensor(convs_[i].conv->weight), convs_[i].norm.present ? factors_[i].get() : nullptr,
                       weights, scratch);
      kernel.run(valueOf<T>(run, inputs[addends_.size() + i]), weights, isFirst ? shift_.get() : nullptr, y, scratch);
    }
    if (!isReady_)
      for (Memory& each : kept_) each.preferHugePages();
    isReady_ = true;
    if (activatesHere) return;
    const T* xs[1] = {y};
    const float* none[1] = {nullptr};
    k.branchesForward(output.value->image, 1, xs, none, nullptr, activation_, y);
  }

  size_t scratchBytes() const override {
    size_t most = 0;
    for (const auto& kernel : kernels_)
      most = std::max(most, (keeps_ ? 0 : aligned(kernel->weightBytes())) + kernel->scratchBytes());
    return most;
  }

  size_t ownBytes() const override {
    size_t bytes = 0;
    for (const Memory& each : kept_) bytes += each.bytes();
    return bytes;
  }

  void describe(std::vector<Operation>& all) const override {
    for (size_t i = 0; i < convs_.size(); i++)
      all.push_back({convs_[i].conv->name, "conv2d", "forward", kernels_[i]->algorithm(), kernels_[i]->flops(),
                     convBytes(shapes_[i])});
    const double values = double(output.value->bytes);
    if (addendsLead_ || convs_.empty())
      all.push_back({name, "branches", "forward", addends_.size() > 1 ? "fused branches" : "elementwise",
                     values / sizeof(T) * 2 * addends_.size(), values * (addends_.size() + 1)});
  }

 private:
  void makeKernels() {
    addendsLead_ = !addends_.empty();
    kernels_.resize(convs_.size());
    if (convs_.empty()) return;
    const size_t last = convs_.size() - 1;
    const auto make = [&](size_t i, bool isFirst) {
      return forwardConv(shapes_[i], {isFirst, i == last && activation_ == Activation::relu, !isFirst, keeps_});
    };
    kernels_[last] = make(last, last == 0);
    if (addends_.size() == 1 && kernels_[last]->takesAddend()) addendsLead_ = false;
    for (size_t i = 0; i < last; i++) kernels_[i] = make(i, i == 0 && !addendsLead_);
    if (last == 0 && addendsLead_) kernels_[0] = make(0, false);
  }

  /** Scales and the one shift from the running statistics. */
  void affine(const Weights& weights) {
    const int channels = output.value->image.channels;
    std::fill_n(shift_.get(), channels, 0.0f);
    for (size_t i = 0; i < addends_.size(); i++) fold(weights, addends_[i], -1, scales_[i].get(), channels);
    for (size_t i = 0; i < convs_.size(); i++) fold(weights, convs_[i].norm, convs_[i].conv->bias, factors_[i].get(), channels);
  }

  void fold(const Weights& weights, const BatchNorm& norm, int bias, float* scales, int channels) {
    for (int c = 0; c < channels; c++) {
      double scale = 1, shift = 0;
      if (norm.present) {
        scale = weights.tensor(norm.weight)[c] / std::sqrt(double(weights.tensor(norm.variance)[c]) + norm.eps);
        shift = weights.tensor(norm.bias)[c] - scale * weights.tensor(norm.mean)[c];
        scales[c] = float(scale);
      }
      if (bias >= 0) shift += scale * weights.tensor(bias)[c];
      shift_[c] += float(shift);
    }
  }

  Activation activation_;
  bool keeps_, isReady_ = false, addendsLead_ = false;
  std::vector<BatchNorm> addends_;
  std::vector<FoldedConv> convs_;
  std::vector<ConvShape> shapes_;
  std::vector<std::unique_ptr<ConvKernel>> kernels_;
  std::vector<Memory> kept_;
  std::vector<Floats> scales_, factors_;
  Floats shift_;
};

}  // namespace

template <class T>
std::unique_ptr<Op> makeFoldedBranches(const OpMaker& make, const std::vector<FoldedConv>& convs, bool keepsWeights) {
  return std::make_unique<FoldedBranches<T>>(make, convs, keepsWeights);
}
template std::unique_ptr<Op> makeFoldedBranches<float>(const OpMaker&, const std::vector<FoldedConv>&, bool);
template std::unique_ptr<Op> makeFoldedBranches<bf16>(const OpMaker&, const std::vector<FoldedConv>&, bool);

}  // namespace refold
