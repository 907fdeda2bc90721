// Which instruction sets this process may use.
#pragma once

#include <string_view>

namespace lips {

enum class Isa { kScalar, kAvx2, kAvx512 };  // ascending

// The best level this CPU offers, lowered by LIPSTREAM_ISA=scalar|avx2|avx512 if that is set.
Isa ActiveIsa();

std::string_view Name(Isa isa);  // "scalar", "avx2", "avx512"

}  // namespace lips
