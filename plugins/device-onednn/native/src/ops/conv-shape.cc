#include "conv-shape.h"
#include <utility>

namespace refold {

bool canTurn(const ConvShape& s) {
  return s.strideH == 1 && s.strideW == 1 && s.dilationH * (s.kernelH - 1) >= s.padH &&
         s.dilationW * (s.kernelW - 1) >= s.padW;
}

ConvShape turned(const ConvShape& s) {
  ConvShape t = s;
  std::swap(t.in, t.out);
  std::swap(t.inH, t.outH);
  std::swap(t.inW, t.outW);
  t.padH = s.dilationH * (s.kernelH - 1) - s.padH;
  t.padW = s.dilationW * (s.kernelW - 1) - s.padW;
  return t;
}

WinogradShape winogradShape(const ConvShape& s) {
  return {s.images, s.groups, s.in / s.groups, s.out / s.groups, s.inH, s.inW, s.outH, s.outW, s.padH, s.padW};
}

double convFlops(const ConvShape& s) {
  return 2.0 * s.images * s.out * s.outH * s.outW * (s.in / s.groups) * s.kernelH * s.kernelW;
}

double tilesOf(const ConvShape& s) { return double(s.images) * ((s.outH + 3) / 4) * ((s.outW + 3) / 4); }

/** Frequencies along a side of pixels: six for four of them, four for two at the end. */
static int frequenciesOf(int pixels) { return (pixels + 1) / 4 * 6 + (pixels % 4 == 1 || pixels % 4 == 2 ? 4 : 0); }

double productFlops(const ConvShape& s) {
  return 2.0 * s.images * frequenciesOf(s.outH) * frequenciesOf(s.outW) * (s.in / s.groups) * s.out;
}

/** About 250 operations for each transform of a tile's channel, 160 for that of a kernel. */
double transformFlops(const ConvShape& s) {
  return tilesOf(s) * 250.0 * (s.in + s.out) + 160.0 * (s.in / s.groups) * s.out;
}

double convBytes(const ConvShape& s) {
  const double item = s.half ? 2 : 4;
  return item * s.images * (double(s.in) * s.inH * s.inW + double(s.out) * s.outH * s.outW) +
         4.0 * s.out * (s.in / s.groups) * s.kernelH * s.kernelW;
}

}  // namespace refold
