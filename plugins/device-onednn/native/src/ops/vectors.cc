/** Operations on vectors [images, features]: rows of float32, whatever the precision. They are small. */
#include <algorithm>
#include "../engine/dnnl-api.h"
#include "../kernels/uniform.h"
#include "vector-op.h"

namespace refold {
namespace {

/** y = x Wᵀ + bias. */
class Linear : public VectorOp {
 public:
  Linear(const OpMaker& make) : VectorOp(make), weight_(make.step.weight), bias_(make.step.bias) {}
  bool keepsInput(int) const override { return true; }
  void forward(Run& run) override {
    const int in = features(inputs[0]), out = features(output);
    float* y = valueOf<float>(run, output);
    if (bias_ >= 0)
      for (int n = 0; n < images_; n++) std::copy_n(run.weights.tensor(bias_), out, y + size_t(n) * out);
    dnnlGemm(false, true, images_, out, in, valueOf<float>(run, inputs[0]), in, run.weights.tensor(weight_), in, y, out,
             bias_ >= 0);
  }
  void backward(Run& run) override {
    const int in = features(inputs[0]), out = features(output);
    const float* dy = gradientOf<float>(run, output);
    dnnlGemm(true, false, out, in, images_, dy, out, valueOf<float>(run, inputs[0]), in,
             run.gradients + run.weights.gradientOffset(weight_), in, false);
    if (bias_ >= 0) {
      float* db = run.gradients + run.weights.gradientOffset(bias_);
      for (int o = 0; o < out; o++) {
        double sum = 0;
        for (int n = 0; n < images_; n++) sum += dy[size_t(n) * out + o];
        db[o] = float(sum);
      }
    }
    if (float* dx = gradientOf<float>(run, inputs[0]))
      dnnlGemm(false, false, images_, in, out, dy, out, run.weights.tensor(weight_), in, dx, in, inputs[0].accumulate);
  }
  void describe(std::vector<Operation>& all) const override {
    const double size = double(features(inputs[0])) * features(output), flops = 2.0 * images_ * size;
    all.push_back({name, "linear", "forward", "sgemm", flops, 4 * size});
    all.push_back({name, "linear", "backward", "sgemm", 2 * flops, 8 * size});
  }

 private:
  int weight_, bias_;
};

class VectorWeightedSum : public VectorOp {
 public:
  VectorWeightedSum(const OpMaker& make) : VectorOp(make), factors_(make.step.factors) {}
  void forward(Run& run) override {
    float* y = valueOf<float>(run, output);
    for (size_t k = 0; k < factors_.size(); k++) {
      const float* x = valueOf<float>(run, inputs[k]);
      for (size_t i = 0; i < count(); i++) put(y + i, factors_[k] * x[i], k > 0);
    }
  }
  void backward(Run& run) override {
    const float* dy = gradientOf<float>(run, output);
    for (size_t k = 0; k < factors_.size(); k++)
      if (float* dx = gradientOf<float>(run, inputs[k]))
        for (size_t i = 0; i < count(); i++) put(dx + i, factors_[k] * dy[i], inputs[k].accumulate);
  }

 private:
  std::vector<float> factors_;
};

class VectorMul : public VectorOp {
 public:
  using VectorOp::VectorOp;
  bool keepsInput(int) const override { return true; }
  void forward(Run& run) override {
    const float *a = valueOf<float>(run, inputs[0]), *b = valueOf<float>(run, inputs[1]);
    float* y = valueOf<float>(run, output);
    for (size_t i = 0; i < count(); i++) y[i] = a[i] * b[i];
  }
  void backward(Run& run) override {
    const float* dy = gradientOf<float>(run, output);
    for (int side = 0; side < 2; side++) {
      const float* other = valueOf<float>(run, inputs[1 - side]);
      if (float* dx = gradientOf<float>(run, inputs[side]))
        for (size_t i = 0; i < count(); i++) put(dx + i, dy[i] * other[i], inputs[side].accumulate);
    }
  }
};

class VectorConcat : public VectorOp {
 public:
  using VectorOp::VectorOp;
  void forward(Run& run) override {
    each([&](const Port& input, int at, int width, int n) {
      std::copy_n(valueOf<float>(run, input) + size_t(n) * width, width,
                  valueOf<float>(run, output) + size_t(n) * features(output) + at);
    });
  }
  void backward(Run& run) override {
    each([&](const Port& input, int at, int width, int n) {
      float* dx = gradientOf<float>(run, input);
      const float* dy = gradientOf<float>(run, output) + size_t(n) * features(output) + at;
      if (dx)
        for (int i = 0; i < width; i++) put(dx + size_t(n) * width + i, dy[i], input.accumulate);
    });
  }

 private:
  template <class Body>
  void each(Body body) {
    int at = 0;
    for (const Port& input : inputs) {
      for (int n = 0; n < images_; n++) body(input, at, features(input), n);
      at += features(input);
    }
  }
};

/** The same factors forward and backward: they come from the pass's key, not from memory. */
class VectorDrop : public VectorOp {
 public:
  VectorDrop(const OpMaker& make)
      : VectorOp(make), perElement_(make.step.op == "dropout"), rate_(make.training ? make.step.rate : 0),
        stream_(uint64_t(make.step.stream + 1) * 0xd1b54a32d192ed03ull) {}
  void forward(Run& run) override {
    apply(run, valueOf<float>(run, inputs[0]), valueOf<float>(run, output), false);
  }
  void backward(Run& run) override {
    if (float* dx = gradientOf<float>(run, inputs[0])) apply(run, gradientOf<float>(run, output), dx, inputs[0].accumulate);
  }

 private:
  void apply(Run& run, const float* x, float* y, bool accumulate) {
    const float kept = float(1 / (1 - rate_));
    const int width = features(output);
    for (int n = 0; n < images_; n++)
      for (int i = 0; i < width; i++) {
        const size_t at = size_t(n) * width + i;
        const float factor = uniform(run.dropKey ^ stream_, perElement_ ? at : size_t(n)) < rate_ ? 0 : kept;
        put(y + at, factor * x[at], accumulate);
      }
  }
  bool perElement_;
  double rate_;
  uint64_t stream_;
};

}  // namespace

std::unique_ptr<Op> makeLinear(const OpMaker& make) { return std::make_unique<Linear>(make); }
std::unique_ptr<Op> makeVectorMul(const OpMaker& make) { return std::make_unique<VectorMul>(make); }
std::unique_ptr<Op> makeVectorWeightedSum(const OpMaker& make) { return std::make_unique<VectorWeightedSum>(make); }
std::unique_ptr<Op> makeVectorConcat(const OpMaker& make) { return std::make_unique<VectorConcat>(make); }
std::unique_ptr<Op> makeVectorDrop(const OpMaker& make) { return std::make_unique<VectorDrop>(make); }

}  // namespace refold
