// The main function of a fuzz target without libFuzzer: runs every file of the folders named on the command
// line, and every beginning of each file, since texts that end too early are the most frequent wrong input.
// Of files with more than 1,000 characters, it takes as many beginnings as other tests take of random cases:
// "support/cases.hpp".

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/cases.hpp"

namespace {

void run(const std::string& text) {
  // In memory of its own, so that AddressSanitizer sees a read behind the end.
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  rankmesh::tests::Sample sample;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : files_in(argv[i])) {
      const std::string name = path.filename();
      std::printf("%s\n", name.c_str());
      std::fflush(stdout);  // the last line names the input that ended the process
      const std::string text = read(path);
      run(text);
      ++inputs;
      const bool is_long = text.size() > 1000;
      for (std::size_t length = 0; length < text.size(); ++length) {
        if (!is_long || sample.takes()) run(text.substr(0, length));
      }
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs == 0 ? 1 : 0;
}
