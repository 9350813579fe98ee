#include "make-op.h"

namespace refold {
namespace {

PoolShape poolShape(const OpMaker& make) {
  const Step& s = make.step;
  return {make.inputs[0]->image, make.output->image, s.kernel[0], s.kernel[1], s.stride[0], s.stride[1], s.padding[0],
          s.padding[1], s.countIncludePad};
}

template <class T>
class Pool : public Op {
 public:
  Pool(const OpMaker& make) : Op(make.step), shape_(poolShape(make)), isMax_(make.step.op == "max_pool") {
    inputs = {{make.inputs[0]}};
    output = {make.output};
  }
  /** The place of the maximum is looked for again. */
  bool keepsInput(int) const override { return isMax_; }
  void forward(Run& run) override {
    const auto kernel = isMax_ ? kernels().of<T>().maxPool : kernels().of<T>().avgPool;
    kernel(shape_, valueOf<T>(run, inputs[0]), valueOf<T>(run, output));
  }
  void backward(Run& run) override {
    T* dx = gradientOf<T>(run, inputs[0]);
    if (!dx) return;
    const T* dy = gradientOf<T>(run, output);
    if (isMax_) kernels().of<T>().maxPoolBackward(shape_, valueOf<T>(run, inputs[0]), dy, dx, inputs[0].accumulate);
    else kernels().of<T>().avgPoolBackward(shape_, dy, dx, inputs[0].accumulate);
  }

 private:
  PoolShape shape_;
  bool isMax_;
};

template <class T>
class GlobalPool : public Op {
 public:
  GlobalPool(const OpMaker& make) : Op(make.step) {
    inputs = {{make.inputs[0]}};
    output = {make.output};
  }
  void forward(Run& run) override {
    kernels().of<T>().globalPool(inputs[0].value->image, valueOf<T>(run, inputs[0]), valueOf<T>(run, output));
  }
  void backward(Run& run) override {
    if (T* dx = gradientOf<T>(run, inputs[0]))
      kernels().of<T>().globalPoolBackward(inputs[0].value->image, gradientOf<T>(run, output), dx, inputs[0].accumulate);
  }
};

}  // namespace

template <class T>
std::unique_ptr<Op> makePool(const OpMaker& make) {
  return std::make_unique<Pool<T>>(make);
}
template std::unique_ptr<Op> makePool<float>(const OpMaker&);
template std::unique_ptr<Op> makePool<bf16>(const OpMaker&);
template <class T>
std::unique_ptr<Op> makeGlobalPool(const OpMaker& make) {
  return std::make_unique<GlobalPool<T>>(make);
}
template std::unique_ptr<Op> makeGlobalPool<float>(const OpMaker&);
template std::unique_ptr<Op> makeGlobalPool<bf16>(const OpMaker&);

}  // namespace refold
