#pragma once
#include <napi.h>
#include "../engine/program.h"

namespace refold {

/** Reads a `NativeProgram` (src/native/native-program.ts). */
Program readProgram(Napi::Object);

}  // namespace refold
