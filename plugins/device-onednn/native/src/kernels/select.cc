#include <cstdlib>
#include <cstring>
#include "kernel-table.h"

namespace refold {

#if defined(__x86_64__)
namespace avx512_bf16 { extern const KernelTable table; }
namespace avx512 { extern const KernelTable table; }
namespace avx2 { extern const KernelTable table; }
#endif
namespace portable { extern const KernelTable table; }

namespace {

const KernelTable& select() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const bool hasBf16 = hasAvx512 && __builtin_cpu_supports("avx512bf16");
  const struct { bool works; const KernelTable* table; } choices[] = {
      {hasBf16, &avx512_bf16::table}, {hasAvx512, &avx512::table}, {hasAvx2, &avx2::table}, {true, &portable::table}};
  const char* wanted = std::getenv("REFOLD_ONEDNN_ISA");
  for (const auto& choice : choices)
    if (choice.works && (!wanted || !*wanted || !std::strcmp(wanted, choice.table->name))) return *choice.table;
#endif
  return portable::table;
}

}  // namespace

const KernelTable& kernels() {
  static const KernelTable& chosen = select();
  return chosen;
}

}  // namespace refold
