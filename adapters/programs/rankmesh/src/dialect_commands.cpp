#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "command.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/kind_names.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::array<std::string_view, 2> formats{"text", "json"};
constexpr std::array<std::string_view, 2> name_choices{"long", "short"};

std::string dialects_text() {
  std::string text;
  for (const Dialect dialect : dialects()) text.append(text.empty() ? "" : ", ").append(name_of(dialect));
  return text;
}

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const Dialect dialect : dialects()) names.emplace_back(name_of(dialect));
  return names;
}

std::optional<Dialect> dialect_of(const std::string& option, const std::string& name, Problems& problems) {
  const auto dialect = dialect_named(name);
  if (!dialect)
    problems.push_back(option + ": there is no dialect \"" + name + "\"; there are " + dialects_text());
  return dialect;
}

/// The layout that a text means; nothing if there is a problem.
std::optional<ParallelConfig> layout_of(const std::string& what, Dialect dialect, const std::string& text,
                                        std::optional<std::int64_t> world_size, Problems& problems) {
  try {
    return read_dialect(dialect, text, world_size);
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      problems.push_back(what + ": " + diagnostic.message());
  }
  return std::nullopt;
}

CLI::Option* add_world_size(CLI::App& app) {
  return add_value(app, {.name = "--world-size",
                         .value_name = "N",
                         .description = "ranks of the layout, where the text does not have all sizes"});
}

CLI::Option* add_text(CLI::App& app, const char* name, const char* description) {
  return add_value(app, {.name = name, .description = description, .group = "Arguments"});
}

std::optional<std::string> required(const CLI::Option& option, const std::string& missing,
                                    Problems& problems) {
  if (option.count() == 0) problems.push_back(option.get_name() + " is missing: " + missing);
  return value_of(option, problems);
}

class TranslateCommand : public Command {
 public:
  explicit TranslateCommand(CLI::App& program)
      : Command(program, "translate", "A layout in another system's words"),
        text_(add_text(app(), "TEXT", "the layout: 'tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp'")),
        from_(add_value(app(), {.name = "--from",
                                .value_name = "DIALECT",
                                .description = "whose words TEXT is in",
                                .choices = dialect_names()})),
        to_(add_value(
            app(), {.name = "--to",
                    .value_name = "DIALECT",
                    .description = "whose words are wanted; may be repeated. There are\n" + dialects_text(),
                    .choices = dialect_names()})),
        world_size_(add_world_size(app())) {
    app().footer(
        "Examples\n"
        "  rankmesh translate --from megatron 'tp=8 cp=2 pp=4' --world-size 256 --to devicemesh\n"
        "  rankmesh translate --from inner-to-outer '[TP,PP,DP]=[8,16,-1]' --world-size 1024 --to "
        "megatron");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto world_size = number_of(*world_size_, {.min = 1}, problems);
    const auto text = required(*text_, "a layout, in quotes", problems);
    const auto from_name = required(*from_, "one of " + dialects_text(), problems);
    if (to_->count() == 0) problems.push_back("--to is missing: one of " + dialects_text());
    std::vector<Dialect> to;
    for (const std::string& name : values_of(*to_, problems)) {
      if (const auto dialect = dialect_of("--to", name, problems)) to.push_back(*dialect);
    }
    const auto from = from_name ? dialect_of("--from", *from_name, problems) : std::nullopt;
    if (!text || !from) return {};
    const auto config = layout_of("TEXT", *from, *text, world_size, problems);
    if (!config) return {};
    std::string lines;
    for (const Dialect dialect : to) lines += line_in(dialect, *config, to.size() > 1, problems);
    return {.run = [lines](Writer& out, Style) {
      out.put(lines);
      return success;
    }};
  }

 private:
  static std::string line_in(Dialect dialect, const ParallelConfig& config, bool is_named,
                             Problems& problems) {
    try {
      const std::string name = is_named ? std::string(name_of(dialect)) + ": " : "";
      return name + write_dialect(dialect, config) + "\n";
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        problems.push_back("--to " + std::string(name_of(dialect)) + ": " + diagnostic.message());
      }
    }
    return "";
  }

  CLI::Option* text_;
  CLI::Option* from_;
  CLI::Option* to_;
  CLI::Option* world_size_;
};

std::string list_text(const std::vector<int>& ranks) {
  constexpr std::size_t most = 8;
  if (ranks.empty()) return "no group";
  std::string text = "[";
  for (std::size_t i = 0; i < ranks.size() && i < most; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", ranks[i]);
  return text + (ranks.size() > most ? fmt::format(", ... {}] ({} ranks)", ranks.back(), ranks.size()) : "]");
}

std::string verdict(const KindComparison& kind) {
  if (!kind.in_b) return "only in A";
  if (!kind.in_a) return "only in B";
  if (kind.equal) return "equal";
  return kind.same_but_order ? "same lists, in another order" : "differs";
}

std::string name_of_kind(const KindComparison& kind, Names names) {
  const GroupKind own = kind.in_a ? *kind.in_a : *kind.in_b;
  return std::string(names == Names::of_megatron ? short_name_of(own).name() : long_name_of(own).name());
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

class DiffCommand : public Command {
 public:
  explicit DiffCommand(CLI::App& program)
      : Command(program, "diff", "Which kinds of two layouts have equal lists"),
        a_(add_text(app(), "A",
                    "a layout: 'world=16 tp=2 pp=4', DIALECT: and its words, or\nlayout: and the name of a "
                    "file in TOML")),
        b_(add_text(app(), "B", "another")),
        world_size_(add_world_size(app())),
        names_(add_value(app(),
                         {.name = "--names",
                          .value_name = "long|short",
                          .description = "print the names of kinds as here, or as in Megatron-Core [long]"})),
        format_(add_format(app(), "text or json")) {
    app().footer(
        "Dialects: " + dialects_text() +
        " [rankmesh]\n"
        "\n"
        "Examples\n"
        "  rankmesh diff 'world=16 tp=2 pp=4' 'world=16 tp=4 pp=2'\n"
        "  rankmesh diff 'megatron:tp=2 pp=2' 'devicemesh:shape=2,2,2 names=pp,dp,tp' --world-size 8\n"
        "  rankmesh diff layout:old.toml layout:new.toml\n"
        "\n"
        "Exit status: 0 if no kind that both have differs, 3 if one does or they have none in common.");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto world_size = number_of(*world_size_, {.min = 1}, problems);
    const auto a = read_layout(*a_, world_size, problems);
    const auto b = read_layout(*b_, world_size, problems);
    const auto names = static_cast<Names>(choice_of(*names_, name_choices, problems).value_or(0));
    const bool as_json = format_of(*format_, formats, problems) == Format::json;
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
  static std::optional<ParallelConfig> read_layout(const CLI::Option& option,
                                                   std::optional<std::int64_t> world_size,
                                                   Problems& problems) {
    const auto text = required(option, "two layouts are compared, each in quotes", problems);
    if (!text) return std::nullopt;
    // A dialect stands before the first word, and has no equals sign in it.
    const std::size_t colon = text->find(':');
    const bool is_named = colon != std::string::npos && colon < text->find('=');
    const std::string name = is_named ? text->substr(0, colon) : "rankmesh";
    if (name == "layout") return read_file(text->substr(colon + 1), problems);
    const auto dialect = dialect_of(option.get_name(), name, problems);
    if (!dialect) return std::nullopt;
    return layout_of(option.get_name(), *dialect, is_named ? text->substr(colon + 1) : *text, world_size,
                     problems);
  }

  static std::optional<ParallelConfig> read_file(const std::string& path, Problems& problems) {
    const files::LayoutReading reading = files::check_layout(files::parse_layout_file(path));
    for (const files::LayoutProblem& problem : reading.problems) problems.push_back(problem.message());
    return reading.problems.empty() ? std::optional(reading.config) : std::nullopt;
  }

  CLI::Option* a_;
  CLI::Option* b_;
  CLI::Option* world_size_;
  CLI::Option* names_;
  CLI::Option* format_;
};

}  // namespace

std::unique_ptr<Command> add_translate_command(CLI::App& program) {
  return std::make_unique<TranslateCommand>(program);
}

std::unique_ptr<Command> add_diff_command(CLI::App& program) {
  return std::make_unique<DiffCommand>(program);
}

}  // namespace rankmesh::cli
