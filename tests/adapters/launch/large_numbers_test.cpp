// Numbers that no job has: every number of every recorded file in turn, so that no product overflows (which
// the sanitizers see), and no layout comes out that the numbers do not give.

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "rankmesh/launch/launch_file.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using rankmesh::launch::LaunchFile;

namespace {

/// The places of the numbers of a text, with their lengths.
std::vector<std::pair<std::size_t, std::size_t>> numbers_in(const std::string& text) {
  const auto is_digit = [&](std::size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (!is_digit(begin)) continue;
    std::size_t end = begin;
    while (is_digit(end)) ++end;
    places.emplace_back(begin, end - begin);
    begin = end;
  }
  return places;
}

}  // namespace

TEST_CASE("numbers that are too large are refused or change nothing") {
  int files = 0;
  int refused = 0;
  for (const auto& entry : fs::directory_iterator(std::string(RANKMESH_VECTORS) + "/launch")) {
    if (entry.path().extension() == ".md" || entry.path().filename() == "expected.json") continue;
    ++files;
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    for (const auto& [begin, length] : numbers_in(text)) {
      for (const char* number : {"2147483647", "2147483648", "9223372036854775807"}) {
        std::string changed = text;
        changed.replace(begin, length, number);
        const LaunchFile file = rankmesh::launch::read(changed, entry.path().filename().string());
        INFO(entry.path().filename() << " with " << number << " at " << begin);
        refused += file.diagnostics.empty() ? 0 : 1;
        if (file.world_size) CHECK((*file.world_size >= -2147483648LL && *file.world_size <= 2147483647));
        for (const auto& size : file.sizes) {
          if (size.size) CHECK(*size.size <= 2147483648LL);
        }
      }
    }
  }
  CHECK(files >= 20);
  CHECK(refused > 300);
}
