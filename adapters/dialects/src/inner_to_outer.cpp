#include <algorithm>
#include <string>
#include <utility>

#include "layout.hpp"
#include "rankmesh/topology/text.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
std::string with_words(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const std::size_t equals = text.find('=');
  const bool is_printed = begin != std::string_view::npos && (text[begin] == '[' || text[begin] == '(');
  if (!is_printed || equals == std::string_view::npos) return std::string(text);
  return "order=" + std::string(text.substr(begin, equals - begin)) +
         " sizes=" + std::string(text.substr(equals + 1));
}

ParallelConfig read_inner_to_outer(std::string_view text, WorldSize world_size) {
  WordReader words(with_words(text), {"order", "sizes"});
  Layout layout{words.axes("order", "sizes")};
  words.throw_if_wrong();
  return config_on_meshes(std::move(layout), world_size, words);
}

std::string write_inner_to_outer(const ParallelConfig& config) {
  Diagnostics diagnostics;
  refuse_place(config, diagnostics);
  const Layout layout = layout_of(config, diagnostics);
  if (!layout.experts.empty()) {
    diagnostics.add("layout", Mesh(layout.experts).to_string(),
                    "is a mesh of experts, of which this dialect says nothing");
  }
  throw_if_any(diagnostics);
  const std::vector<Axis> dense = shown(layout.dense);
  return "order=" + upper_case(names_text(dense)) + " sizes=" + sizes_text(dense);
}

}  // namespace rankmesh::dialects
