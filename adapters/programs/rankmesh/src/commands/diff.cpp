#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "command.hpp"
#include "common_options.hpp"
#include "dialects.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

std::string list_text(const std::vector<int>& ranks) {
  constexpr std::size_t most = 8;
  if (ranks.empty()) return "no group";
  if (ranks.size() <= most) return fmt::format("[{}]", fmt::join(ranks, ", "));
  return fmt::format("[{}, ... {}] ({} ranks)", fmt::join(std::span(ranks).first(most), ", "), ranks.back(),
                     ranks.size());
}

std::string verdict(const KindComparison& kind) {
  if (!kind.in_b) return "only in A";
  if (!kind.in_a) return "only in B";
  if (kind.equal) return "equal";
  return kind.same_but_order ? "same lists, in another order" : "differs";
}

std::string name_of_kind(const KindComparison& kind, Names names) {
  const GroupKind own = kind.in_a ? *kind.in_a : *kind.in_b;
  const GroupKind named = names == Names::of_megatron ? short_name_of(own) : long_name_of(own);
  return std::string(named.name());
}

void print_text(const std::vector<KindComparison>& kinds, Names names, Writer& out, Style style) {
  Table table({{"kind"}, {"lists"}, {"first rank", Table::Align::right}, {"in A"}, {"in B"}});
  for (const KindComparison& kind : kinds) {
    const bool differs = kind.in_a && kind.in_b && !kind.equal;
    table.add({{name_of_kind(kind, names), Table::Colour::cyan},
               {verdict(kind), differs ? Table::Colour::red : Table::Colour::none},
               {kind.first ? fmt::format("{}", kind.first->rank) : ""},
               {kind.first ? list_text(kind.first->in_a) : ""},
               {kind.first ? list_text(kind.first->in_b) : ""}});
  }
  table.print(out, style);
}

void print_json(const std::vector<KindComparison>& kinds, Names names, Writer& out) {
  out.put(fmt::format("{{\"equal\": {},\n \"kinds\": [", agree(kinds)));
  std::string_view separator = "\n";
  for (const KindComparison& kind : kinds) {
    nlohmann::ordered_json entry = {{"kind", name_of_kind(kind, names)}, {"lists", verdict(kind)}};
    if (kind.first) {
      entry["rank"] = kind.first->rank;
      entry["a"] = kind.first->in_a;
      entry["b"] = kind.first->in_b;
    }
    out.put(fmt::format("{}  {}", separator, entry.dump()));
    separator = ",\n";
  }
  out.put("\n ]}\n");
}

std::optional<ParallelConfig> read_file(const std::string& path, Problems& problems) {
  const ConfigReading reading = files::check_layout(files::parse_layout_file(path));
  for (const Diagnostic& diagnostic : reading.diagnostics) problems.push_back(diagnostic.message());
  return reading.diagnostics.empty() ? std::optional(reading.config) : std::nullopt;
}

std::optional<ParallelConfig> read_layout(const Option& option, std::optional<std::int64_t> world_size,
                                          Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return std::nullopt;
  // The name of a dialect comes before the first word, and contains no equals sign.
  const std::size_t colon = text->find(':');
  const bool is_named = colon != std::string::npos && colon < text->find('=');
  const std::string name = is_named ? text->substr(0, colon) : "rankmesh";
  if (name == "layout") return read_file(text->substr(colon + 1), problems);
  const auto dialect = dialects::find(name);
  if (!dialect) {
    problems.push_back(option.name() + ": \"" + name + "\" is not layout, " +
                       alternatives(words_of(dialect_choices())));
    return std::nullopt;
  }
  return layout_of(option.name(), *dialect, is_named ? text->substr(colon + 1) : *text, world_size, problems);
}

class DiffCommand : public RunnableCommand {
 public:
  DiffCommand()
      : RunnableCommand(
            {.name = "diff",
             .summary = "Which kinds of two layouts have equal lists",
             .notes = {{"A layout is one of:",
                        {{"TEXT", "a layout on one line: 'world=16 tp=2 pp=4'"},
                         {"DIALECT:TEXT",
                          "a layout in another system's words: 'megatron:tp=2 pp=2'. The dialects "
                          "are " +
                              joined(words_of(dialect_choices()), ", ")},
                         {"layout:FILE", "a file in TOML (docs/files.md)"}}}},
             .examples = {"rankmesh diff 'world=16 tp=2 pp=4' 'world=16 tp=4 pp=2'",
                          "rankmesh diff 'megatron:tp=2 pp=2' 'devicemesh:shape=2,2,2 names=pp,dp,tp' "
                          "--world-size 8",
                          "rankmesh diff layout:old.toml layout:new.toml"},
             .exit_status =
                 "0 if no kind that both layouts have differs, 3 if one differs or if they have no kind "
                 "in common."}),
        a_(add({.name = "A", .description = "a layout", .heading = "Arguments", .is_required = true})),
        b_(add({.name = "B",
                .description = "the layout to compare with",
                .heading = "Arguments",
                .is_required = true})),
        world_size_(add_world_size(*this)),
        names_(add_names(*this)),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto world_size = number_of(world_size_, {.min = 1}, problems);
    const auto a = read_layout(a_, world_size, problems);
    const auto b = read_layout(b_, world_size, problems);
    const Names names = names_of(names_, problems);
    const bool as_json = format_of(format_, problems) == Format::json;
    if (!a || !b || !problems.empty()) return {};
    return {.run = [as_json, names, kinds = compare(Topology(*a), Topology(*b))](Writer& out, Style style) {
      if (as_json) {
        print_json(kinds, names, out);
      } else {
        print_text(kinds, names, out, style);
      }
      return agree(kinds) ? success : different;
    }};
  }

 private:
  const Option& a_;
  const Option& b_;
  const Option& world_size_;
  const Option& names_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_diff_command() {
  return std::make_unique<DiffCommand>();
}

}  // namespace rankmesh::cli
