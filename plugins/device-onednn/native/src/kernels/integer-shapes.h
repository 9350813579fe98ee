#pragma once
#include <cstddef>
#include <cstdint>

namespace refold {

/**
 * Bytes between two pixels of a stored image [N, H, W, channels]: whole vectors, but for few channels. What lies between
 * the channels and the next pixel is read, and multiplied by zero.
 */
inline int pixelBytes(int channels) { return channels < 16 ? (channels + 3) / 4 * 4 : (channels + 15) / 16 * 16; }

/** Readable bytes behind a stored image: kernels read whole vectors. */
constexpr size_t kStoredSlack = 64;

/** A convolution of unsigned by signed bytes; `cg` → `og` channels per group. A row of vectors is an image of one pixel. */
struct IntegerConvShape {
  int images, groups, cg, og, inH, inW, outH, outW;
  int kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW;
  /** Stored number of a real zero, which pads. */
  uint8_t zero;
  int in() const { return groups * cg; }
  int out() const { return groups * og; }
};

/** Eight bits: real = scale · (stored − zero). */
struct Storage {
  float scale = 1;
  int zero = 0;
};

/**
 * What becomes of sums: `(sum + bias) · factor` in float32, where `sum` counts stored numbers as they are and the bias
 * takes the zero point back. One of `bytes` and `floats` is set.
 */
struct IntegerTarget {
  const int32_t* bias;
  const float* factor;
  bool relu;
  /** [N, H, W, pixelBytes(channels)], rounded half to even around `zero`. */
  uint8_t* bytes;
  int zero;
  /** At image · imageStride + pixel · pixelStride + block · blockStride + lane. */
  float* floats;
  size_t imageStride, pixelStride, blockStride;
};

/** Kernels of stored values. Sums are exact: any instruction set gives the same numbers. */
struct IntegerKernels {
  /** Kind of the products: `amx_int8`, `avx512_vnni`, … */
  const char* name;
  size_t (*weightBytes)(const IntegerConvShape&);
  size_t (*scratchBytes)(const IntegerConvShape&, int threads);
  /** Lanes that `bias` and `factor` of a target have: group g's begin at g · lanes / groups. */
  int (*lanes)(const IntegerConvShape&);
  void (*weights)(const IntegerConvShape&, const int8_t* w_OIHW, void* target);
  void (*conv)(const IntegerConvShape&, const uint8_t* x, const void* weights, const IntegerTarget&, void* scratch);
  /** Between a blocked image of floats and a stored one; `dense`: vectors, [N, channels] floats. */
  void (*store)(int images, int channels, size_t area, bool dense, Storage, const float* x, uint8_t* y);
  void (*restore)(int images, int channels, size_t area, bool dense, Storage, const uint8_t* x, float* y);
  /** Mean over the area, into a blocked image of one pixel. */
  void (*globalPool)(int images, int channels, size_t area, Storage, const uint8_t* x, float* y);
};

}  // namespace refold
