#include "dnnl-api.h"
#include <dnnl.hpp>
#include <unordered_map>
#include "../kernels/kernel-table.h"
#include "memory.h"

namespace refold {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

namespace {

#define REFOLD_DNNL3 (DNNL_VERSION_MAJOR >= 3)

/** Never destroyed, as the thread that uses them never ends. */
dnnl::engine& engine() {
  static auto* cpu = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *cpu;
}
dnnl::stream& stream() {
  static auto* one = new dnnl::stream(engine());
  return *one;
}

Type typeOf(bool half) { return half ? Type::bf16 : Type::f32; }

memory::desc imageDesc(int images, int channels, int height, int width, bool half, bool plain) {
  const Tag blocked = kernels().block == 16 ? Tag::nChw16c : Tag::nChw8c;
  return {{images, channels, height, width}, typeOf(half), plain ? Tag::nchw : blocked};
}

memory::dims weightDims(const ConvShape& s) {
  if (s.groups == 1) return {s.out, s.in, s.kernelH, s.kernelW};
  return {s.groups, s.out / s.groups, s.in / s.groups, s.kernelH, s.kernelW};
}

struct Descs {
  memory::desc x, y, weights, plain, bias;
  memory::dims strides, dilations, pads, padsAfter;
  explicit Descs(const ConvShape& s, Type weightType)
      : x(imageDesc(s.images, s.in, s.inH, s.inW, s.half, s.plainSource)),
        y(imageDesc(s.images, s.out, s.outH, s.outW, s.half, false)),
        weights(weightDims(s), weightType, Tag::any),
        plain(weightDims(s), Type::f32, s.groups == 1 ? Tag::oihw : Tag::goihw),
        bias({s.out}, Type::f32, Tag::a),
        strides{s.strideH, s.strideW},
        dilations{s.dilationH - 1, s.dilationW - 1},
        pads{s.padH, s.padW},
        // What the last window reaches past the end; less than `pads` where the stride leaves a rest.
        padsAfter{after(s.outH, s.strideH, s.kernelH, s.dilationH, s.inH, s.padH),
                  after(s.outW, s.strideW, s.kernelW, s.dilationW, s.inW, s.padW)} {}
  static int after(int out, int stride, int kernel, int dilation, int in, int pad) {
    return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - pad;
  }
};

dnnl::primitive_attr attributes(ForwardOptions options = {}) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops post;
  if (options.accumulate) post.append_sum(1.0f);
#if REFOLD_DNNL3
  if (options.relu) post.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#else
  if (options.relu) post.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#endif
  attr.set_post_ops(post);
  return attr;
}

dnnl::convolution_forward::primitive_desc forwardDesc(const Descs& d, ForwardOptions options) {
  const auto alg = dnnl::algorithm::convolution_direct;
  const auto prop = dnnl::prop_kind::forward_training;
#if REFOLD_DNNL3
  if (options.bias)
    return {engine(), prop, alg, d.x, d.weights, d.bias, d.y, d.strides, d.dilations, d.pads, d.padsAfter, attributes(options)};
  return {engine(), prop, alg, d.x, d.weights, d.y, d.strides, d.dilations, d.pads, d.padsAfter, attributes(options)};
#else
  if (options.bias)
    return {{prop, alg, d.x, d.weights, d.bias, d.y, d.strides, d.dilations, d.pads, d.padsAfter}, attributes(options), engine()};
  return {{prop, alg, d.x, d.weights, d.y, d.strides, d.dilations, d.pads, d.padsAfter}, attributes(options), engine()};
#endif
}

memory wrap(const memory::desc& desc, const void* data) { return {desc, engine(), const_cast<void*>(data)}; }

/** The reorder between two layouts, with its scratch in place; none where they are one. */
class Reorder {
 public:
  Reorder(const memory::desc& from, const memory::desc& to)
      : from_(from), to_(to), desc_(engine(), from, engine(), to), primitive_(desc_) {}
  void run(const void* from, void* to) {
    primitive_.execute(stream(), {{DNNL_ARG_FROM, wrap(from_, from)}, {DNNL_ARG_TO, wrap(to_, to)}});
    stream().wait();
  }

 private:
  memory::desc from_, to_;
  dnnl::reorder::primitive_desc desc_;
  dnnl::reorder primitive_;
};

template <class Desc>
class Conv : public DnnlConv {
 public:
  Conv(const Descs& d, const Desc& desc, const memory::desc& weights, bool outward)
      : d_(d), desc_(desc), weights_(weights), primitive_(desc),
        reorder_(outward ? Reorder(weights, d.plain) : Reorder(d.plain, weights)) {}
  size_t weightBytes() const override { return weights_.get_size(); }
  size_t scratchBytes() const override { return desc_.scratchpad_desc().get_size(); }
  std::string implementation() const override { return desc_.impl_info_str(); }
  void prepare(const float* plain, void* weights) override { reorder_.run(plain, weights); }
  void run(const void*, const void*, const float*, void*, void*) override {}
  void gradient(const void*, const void*, void*, float*, void*) override {}

 protected:
  void execute(std::unordered_map<int, memory> arguments, void* scratch) {
    arguments.insert({DNNL_ARG_SCRATCHPAD, wrap(desc_.scratchpad_desc(), scratch)});
    primitive_.execute(stream(), arguments);
    stream().wait();
  }
  Descs d_;
  Desc desc_;
  memory::desc weights_;
  dnnl::primitive primitive_;
  Reorder reorder_;
};

class Forward : public Conv<dnnl::convolution_forward::primitive_desc> {
 public:
  using Conv::Conv;
  void run(const void* x, const void* weights, const float* bias, void* y, void* scratch) override {
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, wrap(d_.x, x)}, {DNNL_ARG_WEIGHTS, wrap(weights_, weights)}, {DNNL_ARG_DST, wrap(d_.y, y)}};
    if (bias) arguments.insert({DNNL_ARG_BIAS, wrap(d_.bias, bias)});
    execute(std::move(arguments), scratch);
  }
};

class BackwardData : public Conv<dnnl::convolution_backward_data::primitive_desc> {
 public:
  using Conv::Conv;
  void run(const void* dy, const void* weights, const float*, void* dx, void* scratch) override {
    execute({{DNNL_ARG_DIFF_DST, wrap(d_.y, dy)}, {DNNL_ARG_WEIGHTS, wrap(weights_, weights)},
             {DNNL_ARG_DIFF_SRC, wrap(d_.x, dx)}}, scratch);
  }
};

class BackwardWeights : public Conv<dnnl::convolution_backward_weights::primitive_desc> {
 public:
  using Conv::Conv;
  void gradient(const void* x, const void* dy, void* weights, float* plain, void* scratch) override {
    execute({{DNNL_ARG_SRC, wrap(d_.x, x)}, {DNNL_ARG_DIFF_DST, wrap(d_.y, dy)},
             {DNNL_ARG_DIFF_WEIGHTS, wrap(weights_, weights)}}, scratch);
    reorder_.run(weights, plain);
  }
};

/** oneDNN says `unimplemented` by an exception of its own: ours names the convolution. */
template <class Make>
auto orUnsupported(const ConvShape& s, Make make) {
  try {
    return make();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) throw OutOfMemory("oneDNN");
    throw Unsupported("convolution " + std::to_string(s.in) + " → " + std::to_string(s.out) + ", kernel " +
                      std::to_string(s.kernelH) + "×" + std::to_string(s.kernelW) + ": " + error.what());
  }
}

}  // namespace

std::unique_ptr<DnnlConv> dnnlForward(const ConvShape& s, ForwardOptions options) {
  return orUnsupported(s, [&]() -> std::unique_ptr<DnnlConv> {
    const Descs d(s, typeOf(s.half));
    const auto desc = forwardDesc(d, options);
    return std::make_unique<Forward>(d, desc, desc.weights_desc(), false);
  });
}

std::unique_ptr<DnnlConv> dnnlBackwardData(const ConvShape& s) {
  return orUnsupported(s, [&]() -> std::unique_ptr<DnnlConv> {
    const Descs d(s, typeOf(s.half));
    const auto hint = forwardDesc(d, {});
    const auto alg = dnnl::algorithm::convolution_direct;
#if REFOLD_DNNL3
    const dnnl::convolution_backward_data::primitive_desc desc(engine(), alg, d.x, d.weights, d.y, d.strides, d.dilations,
                                                               d.pads, d.padsAfter, hint, attributes());
#else
    const dnnl::convolution_backward_data::primitive_desc desc(
        {alg, d.x, d.weights, d.y, d.strides, d.dilations, d.pads, d.padsAfter}, attributes(), engine(), hint);
#endif
    return std::make_unique<BackwardData>(d, desc, desc.weights_desc(), false);
  });
}

std::unique_ptr<DnnlConv> dnnlBackwardWeights(const ConvShape& s) {
  return orUnsupported(s, [&]() -> std::unique_ptr<DnnlConv> {
    // Gradients of weights are float32 always.
    const Descs d(s, Type::f32);
    const auto hint = forwardDesc(Descs(s, typeOf(s.half)), {});
    const auto alg = dnnl::algorithm::convolution_direct;
#if REFOLD_DNNL3
    const dnnl::convolution_backward_weights::primitive_desc desc(engine(), alg, d.x, d.weights, d.y, d.strides, d.dilations,
                                                                  d.pads, d.padsAfter, hint, attributes());
#else
    const dnnl::convolution_backward_weights::primitive_desc desc(
        {alg, d.x, d.weights, d.y, d.strides, d.dilations, d.pads, d.padsAfter}, attributes(), engine(), hint);
#endif
    return std::make_unique<BackwardWeights>(d, desc, desc.diff_weights_desc(), true);
  });
}

void dnnlGemm(bool ta, bool tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc,
              bool accumulate) {
  dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, a, lda, b, ldb, accumulate ? 1.0f : 0.0f, c, ldc);
}

std::string dnnlVersion() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

}  // namespace refold
