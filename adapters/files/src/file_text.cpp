#include "rankmesh/files/file_text.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <system_error>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;

struct Close {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

[[noreturn]] void fail(const std::string& path, int error) {
  throw FileError({.source = path}, "cannot be read: " + std::generic_category().message(error));
}

}  // namespace

void require_size(std::string_view text, std::string_view source) {
  if (text.size() <= most_bytes) return;
  throw FileError({.source = std::string(source)}, "is longer than 1 MiB, which no file of options is");
}

std::string file_text(const std::string& path) {
  // Not a stream, because streams need not set errno.
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) fail(path, errno);
  std::string text;
  std::array<char, 4096> part{};
  while (text.size() <= most_bytes) {
    const std::size_t count = std::fread(part.data(), 1, part.size(), file.get());
    const int error = errno;
    text.append(part.data(), count);
    if (count == part.size()) continue;
    if (std::ferror(file.get()) != 0) fail(path, error);
    break;
  }
  require_size(text, path);
  return text;
}

}  // namespace rankmesh::files
