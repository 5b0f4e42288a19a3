#include <algorithm>

#include "systems.hpp"

namespace rankmesh::launch {
namespace {

constexpr std::size_t longest = 100000;

/// Writes repetitions out: `Et*3|(tt|)*2L` as `Ettt|tt|tt|L`.
class Expansion {
 public:
  explicit Expansion(std::string_view text) : text_(text) {}

  std::string run() {
    std::string result = sequence(0);
    if (at_ < text_.size()) problem_ = "has a bracket that is not open";
    return result;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::string sequence(int depth) {
    std::string result;
    if (depth > 32) problem_ = "is nested too deeply";
    while (problem_.empty() && at_ < text_.size() && text_[at_] != ')') {
      std::string part(1, text_[at_++]);
      if (part == "(") {
        part = sequence(depth + 1);
        if (at_ == text_.size()) problem_ = "has a bracket that is not closed";
        ++at_;
      } else if (part == "," || part == " ") {
        continue;
      } else if (std::string_view("EtmL|").find(part[0]) == std::string_view::npos) {
        problem_ = "has \"" + part + "\" in it: the parts are E, t, m, L and the bar";
      }
      std::size_t times = 1;
      if (at_ < text_.size() && text_[at_] == '*') {
        ++at_;
        times = 0;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && times < longest)
          times = times * 10 + static_cast<std::size_t>(text_[at_++] - '0');
      }
      if (result.size() + part.size() * times > longest) problem_ = "has more than 100000 parts";
      for (; times > 0 && problem_.empty(); --times) result += part;
    }
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string problem_;
};

}  // namespace

PipelineText read_pipeline_text(std::string_view text) {
  Expansion expansion(text);
  const std::string all = expansion.run();
  PipelineText result{.problem = expansion.problem()};
  if (!result.problem.empty()) return result;
  result.chunks.emplace_back();
  for (const char part : all) {
    if (part == '|')
      result.chunks.emplace_back();
    else
      result.chunks.back().push_back(part);
  }
  return result;
}

}  // namespace rankmesh::launch
