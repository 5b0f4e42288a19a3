#include "rankmesh/output/sink.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rankmesh::cli {

WriteError::WriteError(int code)
    : Error("cannot write the output: " + std::generic_category().message(code)),
      code_(code) {}

bool WriteError::is_closed_pipe() const noexcept {
  return code_ == EPIPE;
}

void DescriptorSink::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      throw WriteError(errno);
    }
  }
}

}  // namespace rankmesh::cli
