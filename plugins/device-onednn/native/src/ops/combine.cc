/** mul, weighted_sum, concat, drop-out and flatten of images. */
#include <algorithm>
#include <cstring>
#include "make-op.h"

namespace refold {
namespace {

template <class T>
class Simple : public Op {
 public:
  Simple(const OpMaker& make) : Op(make.step) {
    for (Value* value : make.inputs) inputs.push_back({value});
    output = {make.output};
  }
  const TypedKernels<T>& k() const { return kernels().of<T>(); }
};

template <class T>
class Mul : public Simple<T> {
 public:
  Mul(const OpMaker& make)
      : Simple<T>(make), perChannel_(make.inputs[1]->image.area() != make.inputs[0]->image.area()) {}
  bool keepsInput(int) const override { return true; }
  void forward(Run& run) override {
    this->k().multiply(image(), perChannel_, valueOf<T>(run, a()), valueOf<T>(run, b()), valueOf<T>(run, this->output), false);
  }
  void backward(Run& run) override {
    const T* dy = gradientOf<T>(run, this->output);
    if (T* da = gradientOf<T>(run, a()))
      this->k().multiply(image(), perChannel_, dy, valueOf<T>(run, b()), da, a().accumulate);
    T* db = gradientOf<T>(run, b());
    if (!db) return;
    if (perChannel_) this->k().multiplyReduce(image(), valueOf<T>(run, a()), dy, db, b().accumulate);
    else this->k().multiply(image(), false, dy, valueOf<T>(run, a()), db, b().accumulate);
  }

 private:
  const Port& a() const { return this->inputs[0]; }
  const Port& b() const { return this->inputs[1]; }
  const ImageShape& image() const { return this->inputs[0].value->image; }
  bool perChannel_;
};

/** One pass for each term; the first writes, the others add. */
template <class T>
class WeightedSum : public Simple<T> {
 public:
  WeightedSum(const OpMaker& make) : Simple<T>(make) {
    const size_t channels = size_t(make.output->image.blocks) * kernels().block;
    for (float factor : make.step.factors) {
      factors_.emplace_back(channels);
      std::fill_n(factors_.back().get(), channels, factor);
    }
  }
  void forward(Run& run) override {
    for (size_t i = 0; i < factors_.size(); i++)
      this->k().channelScale(image(), valueOf<T>(run, this->inputs[i]), factors_[i].get(), valueOf<T>(run, this->output),
                             i > 0);
  }
  void backward(Run& run) override {
    for (size_t i = 0; i < factors_.size(); i++)
      if (T* dx = gradientOf<T>(run, this->inputs[i]))
        this->k().channelScale(image(), gradientOf<T>(run, this->output), factors_[i].get(), dx,
                               this->inputs[i].accumulate);
  }

 private:
  const ImageShape& image() const { return this->output.value->image; }
  std::vector<Floats> factors_;
};

template <class T>
class Concat : public Simple<T> {
 public:
  using Simple<T>::Simple;
  void forward(Run& run) override {
    const Value& out = *this->output.value;
    std::memset(valueOf<char>(run, this->output), 0, out.bytes);
    int to = 0;
    for (const Port& input : this->inputs) {
      const ImageShape& image = input.value->image;
      this->k().copyChannels(image, 0, out.image, to, image.channels, valueOf<T>(run, input),
                             valueOf<T>(run, this->output), false);
      to += image.channels;
    }
  }
  void backward(Run& run) override {
    int from = 0;
    for (const Port& input : this->inputs) {
      const ImageShape& image = input.value->image;
      if (T* dx = gradientOf<T>(run, input)) {
        if (!input.accumulate) std::memset(static_cast<void*>(dx), 0, input.value->bytes);
        this->k().copyChannels(this->output.value->image, from, image, 0, image.channels, gradientOf<T>(run, this->output),
                               dx, input.accumulate);
      }
      from += image.channels;
    }
  }
};

/** The same factors forward and backward: they come from the pass's key, not from memory. */
template <class T>
class Drop : public Simple<T> {
 public:
  Drop(const OpMaker& make)
      : Simple<T>(make), perElement_(make.step.op == "dropout"), rate_(make.training ? make.step.rate : 0),
        stream_(uint64_t(make.step.stream + 1) * 0xd1b54a32d192ed03ull) {}
  void forward(Run& run) override {
    this->k().drop(this->output.value->image, perElement_, rate_, run.dropKey ^ stream_, valueOf<T>(run, this->inputs[0]),
                   valueOf<T>(run, this->output), false);
  }
  void backward(Run& run) override {
    if (T* dx = gradientOf<T>(run, this->inputs[0]))
      this->k().drop(this->output.value->image, perElement_, rate_, run.dropKey ^ stream_,
                     gradientOf<T>(run, this->output), dx, this->inputs[0].accumulate);
  }

 private:
  bool perElement_;
  double rate_;
  uint64_t stream_;
};

template <class T>
class Flatten : public Simple<T> {
 public:
  using Simple<T>::Simple;
  void forward(Run& run) override {
    this->k().flatten(this->inputs[0].value->image, valueOf<T>(run, this->inputs[0]), valueOf<float>(run, this->output));
  }
  void backward(Run& run) override {
    if (T* dx = gradientOf<T>(run, this->inputs[0]))
      this->k().unflatten(this->inputs[0].value->image, gradientOf<float>(run, this->output), dx, this->inputs[0].accumulate);
  }
};

}  // namespace

#define REFOLD_FACTORY(make, Kind)                               \
  template <class T>                                             \
  std::unique_ptr<Op> make(const OpMaker& maker) {               \
    return std::make_unique<Kind<T>>(maker);                     \
  }                                                              \
  template std::unique_ptr<Op> make<float>(const OpMaker&);      \
  template std::unique_ptr<Op> make<bf16>(const OpMaker&);

REFOLD_FACTORY(makeMul, Mul)
REFOLD_FACTORY(makeWeightedSum, WeightedSum)
REFOLD_FACTORY(makeConcat, Concat)
REFOLD_FACTORY(makeDrop, Drop)
REFOLD_FACTORY(makeFlatten, Flatten)

}  // namespace refold
