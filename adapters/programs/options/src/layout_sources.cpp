// Layouts that are not options: --from FILE, and the argument LAYOUT.

#include <algorithm>
#include <utility>

#include "rankmesh/options/config_options.hpp"
#include "rankmesh/options/layout_text.hpp"

namespace rankmesh::cli {

void ConfigOptions::add_argument(Command& command) {
  text_ =
      &command.add({.name = "LAYOUT",
                    .description = "the layout on one line, in place of options: 'world=16 tp=2 pp=4'",
                    .details = "Every text of a layout that a command prints is one, and so are the flags of "
                               "Megatron-LM, in quotes or not.",
                    .heading = "Layout of the job"});
}

OptionReading ConfigOptions::read_other(const LayoutText& source, const std::string& what,
                                        std::optional<std::int64_t> default_world_size) const {
  OptionReading reading;
  Problems problems;
  launch::Known known;
  known.world_size = number_of(option_of("world_size"), {.max = max_ranks}, problems);
  if (!known.world_size && option_of("world_size").count() == 0) known.world_size = default_world_size;
  known.rank_offset = number_of(option_of("rank_offset"), {.min = 0}, problems).value_or(0);
  known.job_size = number_of(option_of("job_size"), {}, problems);
  refuse_others({"world_size", "rank_offset", "job_size"},
                "cannot be given beside " + what + ", which has the sizes", problems);
  reading.config.convention = Convention::mesh;
  if (!problems.empty()) {
    // Without a field, so that nothing is taken from the configuration.
    for (const std::string& problem : problems) reading.diagnostics.push_back({.rule = problem});
    reading.messages = std::move(problems);
    return reading;
  }
  if (source.form == LayoutText::Form::words || source.form == LayoutText::Form::layout_file) {
    if (auto config = read_layout_text(what, source, known.world_size, reading.messages)) {
      reading.config = std::move(*config);
    } else {
      for (const std::string& message : reading.messages) reading.diagnostics.push_back({.rule = message});
    }
    return reading;
  }
  launch::LaunchFile file = source.form == LayoutText::Form::flags ? launch::read(source.text, what, known)
                                                                   : launch::read_file(source.text, known);
  reading.diagnostics = file.diagnostics;
  for (const Diagnostic& diagnostic : file.diagnostics) reading.messages.push_back(diagnostic.message());
  if (file.config) {
    reading.config = *file.config;
  } else if (file.diagnostics.empty()) {
    reading.diagnostics.push_back(
        {.field = "world_size", .rule = "is missing", .kind = Diagnostic::Kind::missing});
    reading.messages.push_back("--world-size: world_size is missing, and " + what +
                               " does not say how many ranks there are: give --world-size N");
  }
  reading.notes = file.notes;
  reading.launch = std::move(file);
  return reading;
}

std::optional<OptionReading> ConfigOptions::read_sources(std::optional<std::int64_t> default_world_size,
                                                         files::LayoutFile& words, Problems& stray) const {
  Problems problems;
  const auto path = value_of(from_, problems);
  const auto text = text_ == nullptr ? std::nullopt : value_of(*text_, problems);
  const bool has_two = (path ? 1 : 0) + (text ? 1 : 0) + (layout_.count() > 0 ? 1 : 0) > 1;
  if (has_two) problems.emplace_back("give one of LAYOUT, --from and --layout");
  std::optional<LayoutText> source;
  if (text && !launch::is_flags(*text) && text->find_first_of("=:") == std::string::npos) {
    stray.push_back("unexpected word \"" + *text + "\"");
  } else if (text) {
    source = parse_layout_text("LAYOUT", *text, problems);
  }
  if (path) source = LayoutText{.form = LayoutText::Form::launch_file, .text = *path};
  if (!problems.empty()) {
    OptionReading reading;
    reading.config.convention = Convention::mesh;
    for (const std::string& problem : problems) reading.diagnostics.push_back({.rule = problem});
    reading.messages = std::move(problems);
    return reading;
  }
  if (!source) return std::nullopt;
  if (source->form == LayoutText::Form::words && source->dialect == dialects::Dialect::rankmesh) {
    words = words_as_file(source->text);
    return std::nullopt;
  }
  return read_other(*source, path ? *path : "LAYOUT", default_world_size);
}

OptionReading ConfigOptions::read(std::optional<std::int64_t> default_world_size) const {
  files::LayoutFile words;
  Problems stray;
  OptionReading reading;
  if (auto other = read_sources(default_world_size, words, stray)) {
    reading = std::move(*other);
  } else if (!read_table(default_world_size, reading)) {
    reading = read_options(default_world_size, std::move(words));
  }
  for (const std::string& problem : stray) reading.diagnostics.push_back({.rule = problem});
  reading.messages.insert(reading.messages.begin(), stray.begin(), stray.end());
  return reading;
}

}  // namespace rankmesh::cli
