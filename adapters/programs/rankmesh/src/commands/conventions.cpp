#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "common_options.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/convention.hpp"
#include "rankmesh/topology/convention_table.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

template <typename Rows>
Json texts_of(const Rows& rows) {
  Json texts = Json::array();
  for (const auto& row : rows) texts.push_back(to_string(row));
  return texts;
}

/// The same keys as in TOML.
Json json_of(const ConventionTable& table) {
  return {{"name", table.name},
          {"summary", table.summary},
          {"sizes", texts_of(table.sizes)},
          {"rules", texts_of(table.rules)},
          {"meshes", table.meshes},
          {"kinds", texts_of(table.kinds)}};
}

void print_list(Writer& out, Style style) {
  std::size_t widest = 0;
  for (const ConventionTable& table : convention_tables()) widest = std::max(widest, table.name.size());
  const std::string indent(widest + 2, ' ');
  for (const ConventionTable& table : convention_tables()) {
    out.put(style.bold(table.name) + indent.substr(table.name.size()));
    const std::string sizes = "sizes " + joined(table.sizes, ", ", &ConventionTable::Size::name);
    bool is_first = true;
    for (const std::string& text : {table.summary, sizes}) {
      for (const std::string& line : wrapped(text, style.width() - indent.size())) {
        out.put((is_first ? "" : indent) + line + "\n");
        is_first = false;
      }
    }
  }
}

class ConventionsCommand : public RunnableCommand {
 public:
  ConventionsCommand()
      : RunnableCommand(
            {.name = "conventions",
             .summary = "The conventions that are tables: inference engines and other systems",
             .examples = {"rankmesh conventions", "rankmesh conventions vllm > mine.toml",
                          "rankmesh groups --convention-file mine.toml --world-size 16 --sizes tp=4"}}),
        name_(add({.name = "NAME",
                   .description = "print the table of this convention, as --convention-file takes it",
                   .heading = "Argument",
                   .choices = names(),
                   .default_value = "list them all"})),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto index = choice_of(name_, problems);
    const bool is_json = format_of(format_, problems) == Format::json;
    if (!problems.empty()) return {};
    return {.run = [index, is_json](Writer& out, Style style) {
      const auto tables = convention_tables();
      if (is_json) {
        Json all = Json::array();
        for (const ConventionTable& table : tables) all.push_back(json_of(table));
        out.put((index ? all[*index] : Json{{"conventions", all}}).dump(1) + "\n");
      } else if (index) {
        out.put(files::to_toml(tables[*index]));
      } else {
        print_list(out, style);
      }
      return success;
    }};
  }

 private:
  static std::vector<Choice> names() {
    std::vector<Choice> choices;
    for (const ConventionTable& table : convention_tables()) choices.emplace_back(table.name, table.summary);
    return choices;
  }

  const Option& name_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_conventions_command() {
  return std::make_unique<ConventionsCommand>();
}

}  // namespace rankmesh::cli
