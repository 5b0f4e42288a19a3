#include <algorithm>
#include <array>
#include <utility>

#include "common_options.hpp"
#include "print/groups.hpp"
#include "rankmesh/draw/draw.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

/// The choices of `--format`: first those of Format, then those of DrawFormat.
constexpr std::size_t first_drawing = 3;

constexpr const char* heading = "Mesh";

class MeshCommand : public RunnableCommand {
 public:
  MeshCommand()
      : RunnableCommand(
            {.name = "mesh",
             .summary = "Groups of a mesh of your own",
             .notes = {{"A kind of group is named by the axes that vary inside a group:",
                        {{"dp", "the groups along dp, called dp"},
                         {"dp+tp", "dp and tp vary together, called dp_tp"},
                         {"zero:dp+tp", "the same, called zero"},
                         {"pp.tp", "pp and tp vary, pp fastest whatever the order of the axes"},
                         {"ends:pp[0,-1]", "only the first and the last rank along pp"},
                         {"half:dp/2", "the groups along dp in pieces of 2; dp%2: every second member"},
                         {"tp@pp=1", "the groups along tp at coordinate 1 of pp only"},
                         {"ep#edp+tp", "the groups along ep, numbered along edp first, then along tp"},
                         {"all", "all axes vary"},
                         {"all-tp", "all axes except tp vary"}}}},
             .examples = {"rankmesh mesh --axes tp=2,dp=4,pp=2 --groups dp,tp,dp+tp",
                          "rankmesh mesh --axes dp=2,cp=2,tp=2 --fastest last --groups dp+cp",
                          "rankmesh mesh --axes tp=2,dp=-1 --world-size 64 --unflatten dp=shard:4+replica:-1",
                          "rankmesh mesh --layout mesh.toml --groups dp+pp"}}),
        layout_(add({.name = "--layout",
                     .value_name = "FILE",
                     .description = "a layout file in TOML with meshes (docs/files.md); options override it",
                     .heading = heading,
                     .takes_file = true})),
        axes_(add({.name = "--axes",
                   .value_name = "NAME=N,...",
                   .description = "the axes with their sizes; the first varies fastest",
                   .details = "With --world-size, one size may be -1.",
                   .heading = heading})),
        fastest_(add({.name = "--fastest",
                      .description = "the axis that varies fastest",
                      .details = "last is how DeviceMesh reads its shape.",
                      .heading = heading,
                      .choices = {"first", "last"},
                      .default_value = "first"})),
        world_size_(add({.name = "--world-size",
                         .value_name = "N",
                         .description = "ranks of the mesh",
                         .heading = heading,
                         .default_value = "the product of the axes"})),
        flatten_(add({.name = "--flatten",
                      .value_name = "NAME=A+B",
                      .description = "merge neighbouring axes into one",
                      .heading = heading,
                      .is_repeatable = true})),
        unflatten_(add({.name = "--unflatten",
                        .value_name = "A=B:N+C:N",
                        .description = "split an axis, in the order of --axes",
                        .details = "One size may be -1.",
                        .heading = heading,
                        .is_repeatable = true})),
        groups_(add({.name = "--groups",
                     .value_name = "GROUP,...",
                     .description = "the kinds of group",
                     .heading = heading,
                     .default_value = "one for each axis"})),
        rank_offset_(add({.name = "--rank-offset",
                          .value_name = "N",
                          .description = "first rank of the mesh in the job",
                          .heading = heading,
                          .default_value = "0"})),
        job_size_(add({.name = "--job-size",
                       .value_name = "N",
                       .description = "ranks of the whole job",
                       .heading = heading,
                       .default_value = "up to the end of the mesh"})),
        gpus_per_node_(add_gpus_per_node(*this)),
        format_(add_format(*this, {"text", "json", "csv", "ascii", "svg", "html", "dot"})),
        all_(add_all(*this)),
        text_(add({.name = "LAYOUT",
                   .description = "a layout on one line with meshes, in place of --axes or --layout",
                   .heading = "Argument"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const std::size_t format = choice_of(format_, problems).value_or(0);
    const bool all = is_given(all_, problems);
    const auto gpus_per_node = gpus_per_node_of(gpus_per_node_, problems);
    const ParallelConfig config = read_config(problems);
    if (!problems.empty()) return {};
    Task task = task_on(config, gpus_per_node, [=](const Topology& topology, Writer& out, Style style) {
      if (format >= first_drawing) {
        const auto drawing = static_cast<DrawFormat>(format - first_drawing);
        print_picture(topology, {.format = drawing, .gpus_per_node = gpus_per_node}, out, style);
      } else {
        print_groups(topology,
                     {.format = static_cast<Format>(format), .all = all, .gpus_per_node = gpus_per_node}, out,
                     style);
      }
    });
    warn_of_order(config, task.warnings);
    return task;
  }

 private:
  [[nodiscard]] bool is_last_fastest(Problems& problems) const {
    return choice_of(fastest_, problems) == std::size_t{1};
  }

  [[nodiscard]] ParallelConfig read_config(Problems& problems) const {
    const bool is_reversed = is_last_fastest(problems);
    files::LayoutFile file;
    ParallelConfig config = read_layout(file, problems);
    config.world_size = number_of(world_size_, {.min = 1}, problems).value_or(config.world_size);
    config.rank_offset = number_of(rank_offset_, {.min = 0}, problems).value_or(config.rank_offset);
    if (const auto job_size = number_of(job_size_, {.min = 1}, problems)) config.job_size = job_size;
    const auto axes = value_of(axes_, problems);
    if (axes_.count() == 0) require_layout(config, problems);
    if (!problems.empty()) return config;
    const bool has_size = world_size_.count() > 0 ||
                          std::any_of(file.values.begin(), file.values.end(),
                                      [](const auto& value) { return value.value.field == "world_size"; });
    try {
      if (axes) {
        std::vector<Axis> read = parse_axes(*axes);
        if (is_reversed) std::reverse(read.begin(), read.end());
        config.meshes = {
            fill_in(std::move(read), has_size ? std::optional(config.world_size) : std::nullopt)};
      }
      const Mesh mesh = reshaped(Mesh(config.meshes.front()), is_reversed, problems);
      config.meshes.front().assign(mesh.axes().begin(), mesh.axes().end());
      if (!has_size) config.world_size = mesh.world_size();
      if (groups_.count() > 0 || config.kinds.empty()) config.kinds = read_kinds(mesh, problems);
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        problems.push_back(axes ? "--axes: " + diagnostic.message() : message(diagnostic, file));
      }
      return config;
    }
    if (!problems.empty()) return config;
    for (const Diagnostic& diagnostic : check(config)) problems.push_back(message(diagnostic, file));
    return config;
  }

  /// The fields of the layout file that no option overrides.
  [[nodiscard]] ParallelConfig read_layout(files::LayoutFile& file, Problems& problems) const {
    const auto path = value_of(layout_, problems);
    const auto text = value_of(text_, problems);
    if (path && text) problems.emplace_back("give one of LAYOUT and --layout");
    if (text) {
      const auto layout = parse_layout_text("LAYOUT", *text, problems);
      if (!layout) return {.convention = Convention::mesh};
      if (layout->form == LayoutText::Form::words && layout->dialect == dialects::Dialect::rankmesh) {
        file = words_as_file(layout->text);
      } else if (const auto config = read_layout_text("LAYOUT", *layout, std::nullopt, problems)) {
        // As the one-line form, which options can override.
        file = words_as_file(to_string(*config));
      }
    } else if (path) {
      file = files::parse_layout_file(*path);
    }
    if ((!path && !text) || !problems.empty()) return {.convention = Convention::mesh};
    const std::array<std::pair<std::string_view, const Option*>, 5> replaced{{{"meshes", &axes_},
                                                                              {"world_size", &world_size_},
                                                                              {"kinds", &groups_},
                                                                              {"rank_offset", &rank_offset_},
                                                                              {"job_size", &job_size_}}};
    std::vector<GivenValue> given;
    std::erase_if(file.values, [&](const files::LayoutValue& value) {
      return std::any_of(replaced.begin(), replaced.end(), [&](const auto& field) {
        return field.first == value.value.field && field.second->count() > 0;
      });
    });
    for (const files::LayoutValue& value : file.values) given.push_back(value.value);
    const ConfigReading reading = read_values(given, file.diagnostics);
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      // A missing world size follows from the axes.
      if (diagnostic.kind == Diagnostic::Kind::missing) continue;
      problems.push_back(message(diagnostic, file));
    }
    if (problems.empty() && reading.config.convention != Convention::mesh) {
      problems.push_back(path.value_or("LAYOUT") +
                         ": has no mesh of its own; rankmesh groups --layout takes it");
    }
    return reading.config;
  }

  /// Without --axes, the layout file must have a mesh, and only one if it is to be reshaped.
  void require_layout(const ParallelConfig& config, Problems& problems) const {
    if (layout_.count() == 0 && text_.count() == 0) {
      if (axes_.is_misspelt() || layout_.is_misspelt()) return;
      problems.emplace_back("--axes is missing: give --axes tp=2,dp=4, or --layout FILE");
      return;
    }
    if (fastest_.count() > 0) {
      problems.emplace_back("--fastest needs --axes: the first axis of a layout file is the fastest");
    }
    if (!problems.empty()) return;
    if (config.meshes.empty()) {
      problems.emplace_back("--axes is missing: the layout file has no meshes");
    } else if (config.meshes.size() > 1) {
      for (const Option* option : {&flatten_, &unflatten_}) {
        if (option->count() == 0) continue;
        problems.push_back(option->name() + " needs one mesh, and the layout file has " +
                           std::to_string(config.meshes.size()));
      }
    }
  }

  /// The message of a diagnostic, with the place in the file if the value is in the file.
  static std::string message(Diagnostic diagnostic, const files::LayoutFile& file) {
    if (!diagnostic.place) diagnostic.place = file.place_of(diagnostic);
    return diagnostic.message();
  }

  /// The mesh after --unflatten and --flatten.
  [[nodiscard]] Mesh reshaped(Mesh mesh, bool is_reversed, Problems& problems) const {
    for (const std::string& text : values_of(unflatten_, problems)) {
      const std::size_t equals = text.find('=');
      std::string parts = equals == std::string::npos ? "" : text.substr(equals + 1);
      std::replace(parts.begin(), parts.end(), ':', '=');
      std::replace(parts.begin(), parts.end(), '+', ',');
      attempt("--unflatten", text, problems, [&] {
        std::vector<Axis> axes = parse_axes(parts);
        if (is_reversed) std::reverse(axes.begin(), axes.end());
        mesh = mesh.unflatten(text.substr(0, equals), std::move(axes));
      });
    }
    for (const std::string& text : values_of(flatten_, problems)) {
      const std::size_t equals = text.find('=');
      attempt("--flatten", text, problems, [&] {
        const std::string merged = equals == std::string::npos ? "" : text.substr(equals + 1);
        mesh = mesh.flatten(words_between(merged, '+'), text.substr(0, equals));
      });
    }
    return mesh;
  }

  [[nodiscard]] std::vector<KindSpec> read_kinds(const Mesh& mesh, Problems& problems) const {
    std::vector<KindSpec> kinds;
    const auto groups = value_of(groups_, problems);
    if (!groups) {
      for (const Axis& axis : mesh.axes()) kinds.push_back({axis.name, {.varying = {axis.name}}});
      return kinds;
    }
    for (const std::string_view part : split_outside_brackets(*groups, ',')) {
      const std::string text(part);
      attempt("--groups", text, problems, [&] { kinds.push_back(kind_of(text, mesh)); });
    }
    return kinds;
  }

  /// Reads a group expression: those of `parse_kind`, and `all` and `all-tp`.
  [[nodiscard]] static KindSpec kind_of(const std::string& text, const Mesh& mesh) {
    const std::size_t colon = text.find(':');
    const std::string expression = colon == std::string::npos ? text : text.substr(colon + 1);
    if (expression != "all" && !expression.starts_with("all-")) return parse_kind(text);
    std::vector<std::string> excluded = words_between(expression, '-');
    excluded.erase(excluded.begin());
    KindSpec kind{.kind = "all"};
    kind.groups.varying = mesh.complement(excluded);
    for (const std::string& axis : excluded) kind.kind += (kind.kind == "all" ? "_but_" : "_") + axis;
    if (colon != std::string::npos) kind.kind = text.substr(0, colon);
    return kind;
  }

  template <typename Function>
  static void attempt(const std::string& option, const std::string& text, Problems& problems,
                      Function function) {
    try {
      function();
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        problems.push_back(option + " " + text + ": " + diagnostic.message());
      }
    }
  }

  /// Users of DeviceMesh, which lists the slowest axis first, easily give the axes in the wrong order.
  void warn_of_order(const ParallelConfig& config, std::vector<std::string>& warnings) const {
    const std::vector<Axis>& axes = config.meshes.front();
    if (fastest_.count() > 0 || axes_.count() == 0 || axes.size() < 2) return;
    if (axes.front().name != "pp" && axes.back().name != "tp") return;
    warnings.push_back(axes.front().name + " varies fastest and " + axes.back().name +
                       " slowest; --fastest last reads the axes as DeviceMesh does");
  }

  const Option& layout_;
  const Option& axes_;
  const Option& fastest_;
  const Option& world_size_;
  const Option& flatten_;
  const Option& unflatten_;
  const Option& groups_;
  const Option& rank_offset_;
  const Option& job_size_;
  const Option& gpus_per_node_;
  const Option& format_;
  const Option& all_;
  const Option& text_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_mesh_command() {
  return std::make_unique<MeshCommand>();
}

}  // namespace rankmesh::cli
