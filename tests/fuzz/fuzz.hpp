#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "rankmesh/topology/error.hpp"

/// What a fuzz target defines: it looks at one input and returns, or aborts where a property does not hold.
/// libFuzzer brings the main function, else replay.cpp does.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rankmesh::tests {

/// Ends the process where a property does not hold, so that the fuzzer keeps the input.
inline void require(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

/// An input whose first bytes choose numbers, and whose rest is text.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  /// A number below `limit`: the code of the next character, modulo the limit. 0 where the input has ended.
  std::size_t number(std::size_t limit) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return static_cast<std::size_t>(byte) % limit;
  }
  [[nodiscard]] std::string_view text() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Every diagnostic says something, and so does the error that lists them.
inline void require_words(std::span<const Diagnostic> diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    require(!diagnostic.rule.empty() && !diagnostic.message().empty(), "a violation says what is wrong");
  }
}

/// Runs what may refuse its input with a ConfigError, and with nothing else.
/// @return whether it was accepted
template <typename Function>
bool accepts(Function function) {
  try {
    function();
    return true;
  } catch (const ConfigError& error) {
    require(!error.diagnostics().empty(), "a ConfigError lists a violation");
    require_words(error.diagnostics());
    return false;
  }
}

}  // namespace rankmesh::tests
