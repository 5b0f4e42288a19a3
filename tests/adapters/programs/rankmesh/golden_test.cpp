#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "rankmesh/files/layout.hpp"
#include "rankmesh/files/yaml.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

namespace fs = std::filesystem;

const std::string prompt = "$ rankmesh ";

/// All golden files; without a TOML reader, those that need no layout file.
std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(RANKMESH_GOLDEN)) {
    const bool needs_toml = entry.path().filename().string().starts_with("layout_");
    if (needs_toml && !files::can_read_layouts()) continue;
    const bool is_launch = entry.path().filename().string().starts_with("launch_");
    if (is_launch && !(files::can_read_layouts() && files::can_read_yaml())) continue;
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A run in the format of a golden file: the command line, the standard output, the standard error, the exit
/// status.
std::string transcript(const std::string& line) {
  const Outcome outcome = run_words(quoted(line));
  std::string text = prompt + line + "\n" + outcome.out;
  if (!outcome.err.empty()) text += "--- standard error\n" + outcome.err;
  return text + "--- exit status " + std::to_string(outcome.status) + "\n";
}

}  // namespace

// To add a case, add a file with the first line. With RANKMESH_UPDATE_GOLDEN set, the test writes the files.
TEST_CASE("golden output") {
  const bool update = std::getenv("RANKMESH_UPDATE_GOLDEN") != nullptr;
  const auto files = golden_files();
  // The command lines name layout files relative to this folder.
  fs::current_path(fs::path(RANKMESH_GOLDEN).parent_path());
  REQUIRE(files.size() >= 30);
  for (const fs::path& file : files) {
    INFO(file.filename().string());
    const std::string expected = contents(file);
    REQUIRE(expected.starts_with(prompt));
    const std::string line = expected.substr(prompt.size(), expected.find('\n') - prompt.size());
    const std::string actual = transcript(line);
    if (update) {
      std::ofstream(file, std::ios::binary) << actual;
    } else {
      CHECK(actual == expected);
    }
  }
}

TEST_CASE("the golden lines fit the screen for ordinary sizes") {
  for (const fs::path& file : golden_files()) {
    const std::string text = contents(file);
    if (text.find("--format") < text.find('\n') || file.stem() == "show_large" ||
        file.stem() == "show_largest") {
      continue;
    }
    std::istringstream lines(text.substr(0, text.find("\n---")));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      INFO(file.filename().string() << ": " << line);
      // Configurations are not broken into lines.
      CHECK((line.size() <= 100 || line.starts_with("configuration: ")));
    }
  }
}
