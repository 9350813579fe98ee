/**
 * The engine's own kernels, as a table of functions per instruction set. Images are nChw[B]c: channels in blocks of
 * `block`, padded with finite values that nobody reads. T is float or bf16. Every kernel uses the caller's OpenMP team
 * size and gives the same bits for any team size, unless it says otherwise.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include "bf16.h"
#include "integer-shapes.h"

namespace refold {

enum class Activation { none, relu, relu6, silu, gelu, sigmoid, hardSigmoid, hardSwish };

/** Image values: `blocks` = ceil(channels / block). */
struct ImageShape {
  int images, channels, blocks, height, width;
  size_t area() const { return size_t(height) * width; }
};

constexpr int kMostBranches = 16;

/** What `branchesBackward` does with a branch's gradient. Null `output`: nobody wants it. */
template <class T>
struct BranchGradient {
  T* output;
  bool accumulate;
};

struct PoolShape {
  ImageShape in, out;
  int kernelH, kernelW, strideH, strideW, padH, padW;
  bool countIncludePad;
};

/** A 3×3 convolution of stride 1, as a Winograd F(4×4, 3×3): per group `cg` → `og` channels, whole blocks. */
struct WinogradShape {
  int images, groups, cg, og, inH, inW, outH, outW, padH, padW;
};

/** What a convolution adds to its result besides: scale · values, of an image like the result. Null values: nothing; null scale: 1. */
struct Addend {
  const void* values = nullptr;
  const float* scale = nullptr;
};

/** A place of a kernel; the source's pixel for pixel i of the grid is i · step + offset. */
struct Tap {
  int dy, dx, index;
};

/**
 * A convolution as a product of matrices: per group `cg` → `og` channels, whole blocks. Pixels of the grid lie in the
 * target at origin + i · stride; the others are not touched.
 */
struct MatrixConvShape {
  int images, groups, cg, og, inH, inW, outH, outW;
  int gridH, gridW, stepH, stepW, originH, originW, strideH, strideW;
  int kernelArea, tapCount;
  const Tap* taps;
};

/** One of the products that make up a convolution or its gradient, and the place of its weights. */
struct MatrixPart {
  const MatrixConvShape* shape;
  void* u;
};

/** Convolutions as products in tiles, of images of one type. */
struct MatrixKernels {
  void (*forward)(const MatrixConvShape&, const void* x, const void* u, const float* bias, bool relu, bool accumulate, void* y,
                  void* scratch);
  /** All of the forward convolution's taps; dw of others is not touched. */
  void (*backwardWeights)(const MatrixConvShape&, const void* x, const void* dy, float* dw_OIHW, void* scratch);
  /** U of `forward`, of parts of one convolution, from its plain weights. `turned`: those of the convolution whose gradient it is. */
  void (*weights)(const MatrixPart*, int count, const float* w_OIHW, const float* scale, bool turned, void* scratch);
  /** For each thread. */
  size_t (*weightsScratch)(const MatrixConvShape&);
  size_t (*weightBytes)(const MatrixConvShape&);
  size_t (*forwardScratch)(const MatrixConvShape&, int threads);
  size_t (*backwardScratch)(const MatrixConvShape&, int threads);
};

/** Winograd's convolutions of floats whose products are computed in tiles. */
struct SplitWinogradKernels {
  void (*forward)(const WinogradShape&, const float* x, const void* u, const float* bias, const Addend&, bool relu,
                  bool accumulate, float* y, void* scratch);
  void (*weights)(const WinogradShape&, const float* w_OIHW, const float* scale, bool flip, void* u);
  size_t (*weightBytes)(const WinogradShape&);
  size_t (*scratch)(const WinogradShape&, int threads);
};

/** Products in tiles of bf16; of floats in three parts. */
struct TileKernels {
  MatrixKernels f32, b16;
  SplitWinogradKernels winograd;
};

template <class T>
struct TypedKernels {
  /** Sums over batch and area of (x − pivot) and its square, merged in float64; pivot: the channel's first value. */
  void (*moments)(const ImageShape&, const T* x, double* mean, double* variance, double* partial);
  /** y = activation(Σ scaleᵢ · (xᵢ) + shift): `scale` and the summed shift per channel; null scale: 1. */
  void (*branchesForward)(const ImageShape&, int count, const T* const* inputs, const float* const* scales,
                          const float* shift, Activation, T* y);
  /** dp = dy · activation′(Σ …); sums of dp and of dp · (xᵢ − meanᵢ), per channel, in float64. */
  void (*branchesReduce)(const ImageShape&, int count, const T* const* inputs, const float* const* scales,
                         const float* const* means, const float* shift, Activation, const T* dy, double* sums,
                         double* partial);
  /** dxᵢ = aᵢ · dp + bᵢ · xᵢ + cᵢ, written or added. */
  void (*branchesBackward)(const ImageShape&, int count, const T* const* inputs, const float* const* scales,
                           const float* shift, Activation, const T* dy, const float* const* a, const float* const* b,
                           const float* const* c, const BranchGradient<T>* gradients);
  /** Elementwise sums of vectors of values. */
  void (*add)(size_t vectors, const T* x, T* y, bool accumulate);
  /** Pixels of the shape to those of a larger image that lie at multiples of the strides; the others become zero or stay. */
  void (*spread)(const ImageShape&, int strideH, int strideW, int height, int width, const T* from, T* to, bool accumulate);
  void (*channelScale)(const ImageShape&, const T* x, const float* scale, T* y, bool accumulate);
  /** Sums over batch and area of x · dy, per channel; null x: of dy. */
  void (*channelDot)(const ImageShape&, const T* x, const T* dy, double* sums, double* partial);
  /** y (+)= a · b; `b` per image and channel where `perChannel`. */
  void (*multiply)(const ImageShape&, bool perChannel, const T* a, const T* b, T* y, bool accumulate);
  /** db[n, c] (+)= Σ over the area of a · dy. */
  void (*multiplyReduce)(const ImageShape&, const T* a, const T* dy, T* db, bool accumulate);
  void (*maxPool)(const PoolShape&, const T* x, T* y);
  void (*maxPoolBackward)(const PoolShape&, const T* x, const T* dy, T* dx, bool accumulate);
  void (*avgPool)(const PoolShape&, const T* x, T* y);
  void (*avgPoolBackward)(const PoolShape&, const T* dy, T* dx, bool accumulate);
  void (*globalPool)(const ImageShape&, const T* x, T* y);
  void (*globalPoolBackward)(const ImageShape&, const T* dy, T* dx, bool accumulate);
  /** Blocked → rows [N, C·H·W] of floats in NCHW order, and back. */
  void (*flatten)(const ImageShape&, const T* x, float* y);
  void (*unflatten)(const ImageShape&, const float* dy, T* dx, bool accumulate);
  /** Copies channels [from, from + count) of x to [to, …) of y. Padding of y must have been cleared. */
  void (*copyChannels)(const ImageShape& x, int from, const ImageShape& y, int to, int count, const T* xs, T* ys,
                       bool accumulate);
  void (*normalize)(const ImageShape&, const float* mean, const float* std, const T* x, T* y);
  /** One factor per image, or with `perElement` per real element, from the hash of (key, index). */
  void (*drop)(const ImageShape&, bool perElement, double rate, uint64_t key, const T* x, T* y, bool accumulate);
  /** Plain NCHW floats of one batch (any strides) → blocked. */
  void (*blockInput)(const ImageShape&, const float* plain, T* y);
  void (*toType)(size_t count, const float* x, T* y);

  void (*winogradForward)(const WinogradShape&, const T* x, const void* u, const float* bias, const Addend&, bool relu,
                          bool accumulate, T* y, void* scratch);
  void (*winogradBackwardWeights)(const WinogradShape&, const T* x, const T* dy, float* dw_OIHW, void* scratch);
};

/** Leaves and operations of update rules. */
enum class RuleOp {
  parameter, gradient, rate, step, slot, hyper, constant,
  add, sub, mul, div, pow, max, min, neg, sqrt, abs, sign, exp, norm,
};

struct KernelTable {
  const char* name;
  int block;
  /** Whether the processor multiplies pairs of bf16; else Winograd multiplies floats in either precision. */
  bool hasPairs;
  TypedKernels<float> f32;
  TypedKernels<bf16> b16;
  /** Null where the processor has no tiles. */
  const TileKernels* tiles;
  const IntegerKernels* integers;
  template <class T>
  const TypedKernels<T>& of() const;

  /** U of `winogradForward` from plain weights, each output channel scaled (null: 1). `flip`: for backward-data. */
  void (*winogradWeights)(const WinogradShape&, const float* w_OIHW, const float* scale, bool flip, bool half, void* u);
  size_t (*winogradWeightBytes)(const WinogradShape&, bool half);
  size_t (*winogradForwardScratch)(const WinogradShape&, int threads, bool half);
  size_t (*winogradBackwardScratch)(const WinogradShape&, int threads, bool half);

  /** y[i] = op(a[i], b[i]) of an update rule. `a` or `b` may be null: then the number beside it stands for every element. */
  void (*applyRule)(RuleOp, int count, const float* a, float sa, const float* b, float sb, float* y);
  void (*activateVector)(size_t count, int inputs, const float* const* xs, Activation, float* y);
  void (*activateVectorBackward)(size_t count, int inputs, const float* const* xs, Activation, const float* dy, float* dx,
                                 bool accumulate);
};

template <>
inline const TypedKernels<float>& KernelTable::of<float>() const { return f32; }
template <>
inline const TypedKernels<bf16>& KernelTable::of<bf16>() const { return b16; }

/** The table for this processor; `REFOLD_ONEDNN_ISA` may ask for a lesser one. */
const KernelTable& kernels();

}  // namespace refold
