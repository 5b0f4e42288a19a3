#include "rankmesh/files/file_text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {
namespace {

struct Close {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdin) static_cast<void>(std::fclose(file));
  }
};

[[noreturn]] void fail(const std::string& source, int error) {
  throw FileError({.source = source}, "cannot be read: " + std::generic_category().message(error));
}

/// Opening a pipe without a writer waits for one, and a device such as /dev/zero has no end.
void require_regular(const std::string& path) {
  using std::filesystem::file_type;
  std::error_code error;
  const file_type type = std::filesystem::status(path, error).type();
  const char* noun = type == file_type::fifo        ? "a pipe"
                     : type == file_type::socket    ? "a socket"
                     : type == file_type::character ? "a device"
                     : type == file_type::block     ? "a device"
                                                    : nullptr;
  if (noun == nullptr) return;
  throw FileError({.source = path},
                  std::string("is ") + noun + ", not a regular file; write - to read standard input");
}

}  // namespace

void require_size(std::string_view text, std::string_view source, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return;
  throw FileError({.source = std::string(source)},
                  "is longer than " + std::to_string(most_bytes >> 20) + " MiB, the most that is read");
}

std::string source_name(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

std::string file_text(const std::string& path, std::size_t most_bytes) {
  const bool is_stdin = path == "-";
  const std::string source = source_name(path);
  if (!is_stdin) require_regular(path);
  // Not a stream, because streams need not set errno.
  const std::unique_ptr<std::FILE, Close> file(is_stdin ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) fail(source, errno);
  std::string text;
  std::array<char, 4096> part{};
  while (text.size() <= most_bytes) {
    const std::size_t count = std::fread(part.data(), 1, part.size(), file.get());
    const int error = errno;
    text.append(part.data(), count);
    if (count == part.size()) continue;
    if (std::ferror(file.get()) != 0) fail(source, error);
    break;
  }
  require_size(text, source, most_bytes);
  return text;
}

}  // namespace rankmesh::files
