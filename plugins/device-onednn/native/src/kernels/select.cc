#include <cstdlib>
#include <cstring>
#if defined(REFOLD_HAS_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include "kernel-table.h"

namespace refold {

#if defined(REFOLD_HAS_AMX)
namespace amx { extern const KernelTable table; }
#endif
#if defined(__x86_64__)
namespace avx512_bf16 { extern const KernelTable table; }
namespace avx512 { extern const KernelTable table; }
namespace avx2 { extern const KernelTable table; }
#endif
namespace portable { extern const KernelTable table; }

namespace {

#if defined(REFOLD_HAS_AMX)
/** Whether the processor has tiles of bf16 and of bytes and the system saves them: a process asks for that once (Linux, arch_prctl). */
bool mayUseTiles() {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const unsigned needed = 1u << 22 | 1u << 24 | 1u << 25;
  if ((d & needed) != needed) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

const KernelTable& select() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  // Every processor with the first has the second.
  const bool hasBf16 = hasAvx512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
  const struct { bool works; const KernelTable* table; } choices[] = {
#if defined(REFOLD_HAS_AMX)
      {hasBf16 && mayUseTiles(), &amx::table},
#endif
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
