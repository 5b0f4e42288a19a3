// The command line of the program rankmesh, a word on each line of the input. Everything that a command line
// may ask for but one: files are not opened, since what is in them is no part of the input.

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "rankmesh/cli/run.hpp"

using rankmesh::cli::run;
using rankmesh::cli::StringSink;
using rankmesh::cli::WriteError;
using rankmesh::tests::Input;
using rankmesh::tests::require;

namespace {

/// Keeps the beginning and then closes, as `head` does: the lists of a large world are long.
class ShortSink final : public rankmesh::cli::Sink {
 public:
  void write(std::string_view text) override {
    text_ += text;
    if (text_.size() > limit) throw WriteError(EPIPE);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t limit = 1 << 16;
  std::string text_;
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool has_long_number(std::string_view text) {
  std::size_t digits = 0;
  for (const char c : text) {
    digits = std::isdigit(static_cast<unsigned char>(c)) != 0 ? digits + 1 : 0;
    if (digits > 4) return true;
  }
  return false;
}

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether a run takes the time of all ranks of a world that may be huge: only small ones are compared.
bool takes_long(const std::vector<std::string>& words, std::string_view text) {
  return (has_word(words, "diff") || has_word(words, "modules")) && has_long_number(text);
}

/// Whether a run reads or writes a file.
bool opens_file(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "check" || word == "pages" || word.starts_with("layout:") ||
           word.starts_with("--layout") || word.starts_with("--hosts-file");
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Input(data, size).text();
  const std::vector<std::string> words = words_of(text);
  if (takes_long(words, text) || opens_file(words)) return 0;
  ShortSink out;
  StringSink err;
  const int code = run(words, {.out = out, .err = err});
  require(code != rankmesh::cli::failure, "no command line is a failure of the program");
  require(code == 0 || code == 2 || code == 3, "the exit code is one of those that are documented");
  if (code == rankmesh::cli::bad_input) {
    require(out.text().empty(), "nothing is printed for a command line that is refused");
    require(err.text().find("error: ") == 0, "and the errors say why");
  } else {
    require(!out.text().empty(), "what was asked for is printed");
    require(err.text().find("error: ") == std::string::npos, "without an error");
  }
  require(code != rankmesh::cli::different || has_word(words, "diff"), "only diff tells of a difference");
  return 0;
}
