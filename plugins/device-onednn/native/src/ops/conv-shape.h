#pragma once
#include "../engine/dnnl-api.h"
#include "../kernels/kernel-table.h"

namespace refold {

/** A convolution with stride 1 seen from its gradient: the convolution that takes dy to dx. Nothing where there is none. */
bool canTurn(const ConvShape&);
ConvShape turned(const ConvShape&);

WinogradShape winogradShape(const ConvShape&);

double convFlops(const ConvShape&);
/** 4×4 tiles of the output, of all images. */
double tilesOf(const ConvShape&);
/** Of Winograd's 36 products, and of its transforms. */
double productFlops(const ConvShape&);
double transformFlops(const ConvShape&);
/** Of input, output and weights, once each. */
double convBytes(const ConvShape&);

}  // namespace refold
