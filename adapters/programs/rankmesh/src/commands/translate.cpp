#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "command.hpp"
#include "common_options.hpp"
#include "dialects.hpp"
#include "json.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::cli {
namespace {

/// What `--to` takes for every dialect.
constexpr std::string_view all_dialects = "all";

std::vector<Choice> target_choices() {
  std::vector<Choice> choices = dialect_choices();
  choices.emplace_back(all_dialects);
  return choices;
}

/// A layout in several dialects.
struct Translations {
  /// The text in each dialect that can express the layout, by the name of the dialect.
  std::vector<std::pair<std::string, std::string>> texts{};
  /// Why the others cannot.
  Problems refusals{};
};

void add_text(Translations& translations, dialects::Dialect dialect, const ParallelConfig& config) {
  const std::string name(name_of(dialect));
  try {
    translations.texts.emplace_back(name, dialects::write(dialect, config));
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      translations.refusals.push_back("--to " + name + ": " + diagnostic.message());
    }
  }
}

void print_json(const ParallelConfig& config, const Translations& translations, Writer& out) {
  nlohmann::ordered_json texts = nlohmann::ordered_json::object();
  for (const auto& [name, text] : translations.texts) texts[name] = text;
  const nlohmann::ordered_json refused = translations.refusals;
  out.put("{\"config\": " + config_json(config) + ",\n \"translations\": " + texts.dump() +
          ",\n \"refused\": " + refused.dump() + "}\n");
}

void print_lines(const Translations& translations, bool is_named, Writer& out) {
  for (const auto& [name, text] : translations.texts) out.put((is_named ? name + ": " : "") + text + "\n");
}

class TranslateCommand : public RunnableCommand {
 public:
  TranslateCommand()
      : RunnableCommand(
            {.name = "translate",
             .summary = "A layout in another system's words",
             .examples =
                 {"rankmesh translate --from megatron 'tp=8 cp=2 pp=4' --world-size 256 --to devicemesh",
                  "rankmesh translate --from inner-to-outer '[TP,PP,DP]=[8,16,-1]' --world-size 1024 "
                  "--to megatron",
                  "rankmesh translate --from megatron 'tp=8 ep=4 dp=8' --to all"},
             .exit_status =
                 "0 if the layout was printed in every dialect that --to names, or with --to all in those "
                 "that can express it; 2 if not. The standard error then says why, and the standard output "
                 "has the other dialects."}),
        text_(add({.name = "TEXT",
                   .description = "the layout, in quotes: 'tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp'",
                   .heading = "Argument",
                   .is_required = true})),
        from_(add({.name = "--from",
                   .value_name = "DIALECT",
                   .description = "the dialect of TEXT",
                   .choices = dialect_choices(),
                   .default_value = "as its words tell"})),
        to_(add({.name = "--to",
                 .value_name = "DIALECT",
                 .description = "the dialect to print, or all that can express the layout",
                 .choices = target_choices(),
                 .is_repeatable = true,
                 .is_required = true})),
        world_size_(add_world_size(*this)),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto world_size = number_of(world_size_, {.min = 1}, problems);
    const auto text = value_of(text_, problems);
    const auto from = choice_of(from_, problems);
    const std::vector<std::size_t> to = choices_of(to_, problems);
    const bool as_json = format_of(format_, problems) == Format::json;
    if (!text || (!from && (from_.count() > 0 || from_.is_misspelt()))) return {};
    auto layout_text = from ? std::optional(LayoutText{.dialect = dialects::all()[*from], .text = *text})
                            : parse_layout_text(text_.name(), *text, problems);
    if (!layout_text) return {};
    const auto config = read_layout_text(text_.name(), *layout_text, world_size, problems);
    if (!config) return {};
    const bool wants_all = std::find(to.begin(), to.end(), dialects::all().size()) != to.end();
    Translations translations;
    if (wants_all) {
      for (const dialects::Dialect dialect : dialects::all()) add_text(translations, dialect, *config);
    } else {
      for (const std::size_t dialect : to) add_text(translations, dialects::all()[dialect], *config);
    }
    if (translations.texts.empty()) {
      problems.insert(problems.end(), translations.refusals.begin(), translations.refusals.end());
      return {};
    }
    const int status = wants_all || translations.refusals.empty() ? success : bad_input;
    const bool is_named = wants_all || to.size() > 1;
    Task task;
    (wants_all ? task.warnings : task.errors) = translations.refusals;
    task.run = [as_json, is_named, status, layout = *config, translations = std::move(translations)](
                   Writer& out, Style) {
      as_json ? print_json(layout, translations, out) : print_lines(translations, is_named, out);
      return status;
    };
    return task;
  }

 private:
  const Option& text_;
  const Option& from_;
  const Option& to_;
  const Option& world_size_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_translate_command() {
  return std::make_unique<TranslateCommand>();
}

}  // namespace rankmesh::cli
