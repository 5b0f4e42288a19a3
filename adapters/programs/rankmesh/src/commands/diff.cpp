#include <fmt/format.h>

#include "command.hpp"
#include "common_options.hpp"
#include "dialects.hpp"
#include "json.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// What to print of a comparison, and how.
struct DiffRequest {
  bool as_json = false;
  bool all = false;
  Names names = Names::of_rankmesh;
};

/// The topologies with their comparison.
struct Compared {
  Topology a;
  Topology b;
  std::vector<KindComparison> kinds = compare(a, b);
};

std::string group_text(const Topology& topology, GroupKind kind, std::optional<int> group,
                       std::size_t width) {
  return group ? list_text(topology.family(kind), *group, width) : "no group";
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

Table table_of(const Compared& compared, Names names, std::size_t list_width) {
  Table table({{"kind"}, {"lists"}, {"first rank", Table::Align::right}, {"in A"}, {"in B"}});
  for (const KindComparison& kind : compared.kinds) {
    const bool differs = kind.in_a && kind.in_b && !kind.equal;
    const auto& first = kind.first;
    table.add({{name_of_kind(kind, names), Table::Colour::cyan},
               {verdict(kind), differs ? Table::Colour::red : Table::Colour::none},
               {first ? fmt::format("{}", first->rank) : ""},
               {first ? group_text(compared.a, *kind.in_a, first->group_in_a, list_width) : ""},
               {first ? group_text(compared.b, *kind.in_b, first->group_in_b, list_width) : ""}});
  }
  return table;
}

/// @return whether the list was shortened
bool put_group(Writer& out, std::string_view name, const GroupFamily& family, std::optional<int> group,
               bool all) {
  out.put(',');
  if (group) return put_ranks_json(out, name, family, *group, all);
  out.put(fmt::format("\"{}\": []", name));
  return false;
}

void print_json(const Compared& compared, const DiffRequest& request, Writer& out) {
  out.put(fmt::format("{{\"equal\": {},\n \"kinds\": [", agree(compared.kinds)));
  std::string_view separator = "\n";
  bool is_shortened = false;
  for (const KindComparison& kind : compared.kinds) {
    out.put(fmt::format("{}  {{\"kind\":\"{}\",\"lists\":\"{}\"", separator,
                        name_of_kind(kind, request.names), verdict(kind)));
    if (const auto& first = kind.first) {
      out.put(fmt::format(",\"rank\":{}", first->rank));
      is_shortened |= put_group(out, "a", compared.a.family(*kind.in_a), first->group_in_a, request.all);
      is_shortened |= put_group(out, "b", compared.b.family(*kind.in_b), first->group_in_b, request.all);
    }
    out.put('}');
    separator = ",\n";
  }
  out.put("\n ]");
  if (is_shortened) out.put(fmt::format(",\n \"note\": \"{}\"", shortened_note));
  out.put("}\n");
}

std::optional<ParallelConfig> read_layout(const Option& option, std::optional<std::int64_t> world_size,
                                          Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return std::nullopt;
  const auto layout = parse_layout_text(option.name(), *text, problems);
  return layout ? read_layout_text(option.name(), *layout, world_size, problems) : std::nullopt;
}

class DiffCommand : public RunnableCommand {
 public:
  DiffCommand()
      : RunnableCommand(
            {.name = "diff",
             .summary = "Which kinds of two layouts have equal lists",
             .notes = {layout_text_note()},
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
        format_(add_format(*this, {"text", "json"})),
        all_(add_all(*this, "print every list of json, also those of more than 1024 ranks")) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto world_size = number_of(world_size_, {.min = 1}, problems);
    const auto a = read_layout(a_, world_size, problems);
    const auto b = read_layout(b_, world_size, problems);
    const DiffRequest request{.as_json = format_of(format_, problems) == Format::json,
                              .all = is_given(all_, problems),
                              .names = names_of(names_, problems)};
    if (!a || !b || !problems.empty()) return {};
    return {.run = [request, compared = Compared{Topology(*a), Topology(*b)}](Writer& out, Style style) {
      if (request.as_json) {
        print_json(compared, request, out);
      } else {
        fitting(style.width(), [&](std::size_t list_width) {
          return table_of(compared, request.names, list_width);
        }).print(out, style);
      }
      return agree(compared.kinds) ? success : different;
    }};
  }

 private:
  const Option& a_;
  const Option& b_;
  const Option& world_size_;
  const Option& names_;
  const Option& format_;
  const Option& all_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_diff_command() {
  return std::make_unique<DiffCommand>();
}

}  // namespace rankmesh::cli
