#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "rankmesh/cli/run.hpp"

namespace rankmesh::tests {

/// The exit status and output of a run of the program.
struct Outcome {
  int status = 0;
  std::string out{};
  std::string err{};
};

struct Colours {
  bool out = false;
  bool err = false;
};

inline Outcome run_words(const std::vector<std::string>& words, Colours colours = {},
                         std::size_t width = cli::default_width) {
  cli::StringSink out;
  cli::StringSink err;
  const int status = cli::run(
      words, {.out = out, .err = err, .colour_out = colours.out, .colour_err = colours.err, .width = width});
  return {status, out.text(), err.text()};
}

/// The words of a line, separated by spaces.
inline std::vector<std::string> split(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// The words of a line, separated by spaces except between quotes.
inline std::vector<std::string> quoted(const std::string& line) {
  std::istringstream parts(line);
  std::vector<std::string> words;
  bool is_quoted = false;
  for (std::string part; std::getline(parts, part, '\''); is_quoted = !is_quoted) {
    if (is_quoted) {
      words.push_back(part);
    } else {
      for (std::string& word : split(part)) words.push_back(std::move(word));
    }
  }
  return words;
}

/// Runs the program with the words of a line.
inline Outcome run_line(const std::string& line, Colours colours = {}) {
  return run_words(split(line), colours);
}

}  // namespace rankmesh::tests
