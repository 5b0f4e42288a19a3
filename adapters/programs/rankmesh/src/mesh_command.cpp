#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "command.hpp"
#include "rankmesh/draw/draw.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/parts.hpp"
#include "rankmesh/topology/mesh_text.hpp"

namespace rankmesh::cli {
namespace {

/// Those of Format, then those of DrawFormat.
constexpr std::array<std::string_view, 7> formats{"text", "json", "csv", "ascii", "svg", "html", "dot"};
constexpr std::size_t first_drawing = 3;
constexpr std::array<std::string_view, 2> fastest_choices{"first", "last"};

constexpr const char* examples =
    "A group is made of the axes that vary in it, and may have a name:\n"
    "  dp            the groups along dp, called dp\n"
    "  dp+tp         dp and tp vary together, called dp_tp\n"
    "  zero:dp+tp    the same, called zero\n"
    "  tp@pp=1       the groups along tp at coordinate 1 of pp alone\n"
    "  ep#edp+tp     the groups along ep, numbered along edp first, then along tp\n"
    "  all, all-tp   all axes, all but tp\n"
    "\n"
    "Examples\n"
    "  rankmesh mesh --axes tp=2,dp=4,pp=2 --groups dp,tp,dp+tp\n"
    "  rankmesh mesh --axes dp=2,cp=2,tp=2 --fastest last --groups dp+cp\n"
    "  rankmesh mesh --axes tp=2,dp=-1 --world-size 64 --unflatten dp=shard:4+replica:-1\n"
    "  rankmesh mesh --layout mesh.toml --groups dp+pp";

class MeshCommand : public Command {
 public:
  explicit MeshCommand(CLI::App& program)
      : Command(program, "mesh", "Groups of a mesh of your own"),
        layout_(
            add_value(app(), {.name = "--layout",
                              .value_name = "FILE",
                              .description = "a file in TOML with meshes and their kinds (docs/files.md);\n"
                                             "options come before what it says",
                              .group = "Mesh"})),
        axes_(add_value(app(),
                        {.name = "--axes",
                         .value_name = "NAME=N,...",
                         .description = "the axes with their sizes, the first the fastest; one size may\n"
                                        "be -1 with --world-size",
                         .group = "Mesh"})),
        fastest_(add_value(app(), {.name = "--fastest",
                                   .value_name = "first|last",
                                   .description = "which of the axes varies fastest [first]; last is how\n"
                                                  "DeviceMesh reads its shape",
                                   .group = "Mesh"})),
        world_size_(add_value(app(), {.name = "--world-size",
                                      .value_name = "N",
                                      .description = "ranks of the mesh [the product of the axes]",
                                      .group = "Mesh"})),
        flatten_(add_value(app(), {.name = "--flatten",
                                   .value_name = "NAME=A+B",
                                   .description = "merge neighbouring axes into one; may be repeated",
                                   .group = "Mesh"})),
        unflatten_(
            add_value(app(), {.name = "--unflatten",
                              .value_name = "A=B:N+C:N",
                              .description = "split an axis, in the order of --axes; one size may be -1;\n"
                                             "may be repeated",
                              .group = "Mesh"})),
        groups_(add_value(app(), {.name = "--groups",
                                  .value_name = "GROUP,...",
                                  .description = "the kinds of group [one for each axis]",
                                  .group = "Mesh"})),
        rank_offset_(add_value(app(), {.name = "--rank-offset",
                                       .value_name = "N",
                                       .description = "rank of the job where the mesh begins [0]",
                                       .group = "Mesh"})),
        job_size_(add_value(app(), {.name = "--job-size",
                                    .value_name = "N",
                                    .description = "ranks of the whole job [up to the end of the mesh]",
                                    .group = "Mesh"})),
        gpus_per_node_(add_gpus_per_node(app())),
        format_(add_format(app(), "text, json, csv, ascii, svg, html or dot")),
        all_(add_switch(app(), {.name = "--all", .description = "shorten no text; json and csv never are"})) {
    app().footer(examples);
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    const std::size_t format = choice_of(*format_, formats, problems).value_or(0);
    const bool all = is_given(*all_, problems);
    const auto gpus_per_node = gpus_per_node_of(*gpus_per_node_, problems);
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
    return choice_of(*fastest_, fastest_choices, problems) == std::size_t{1};
  }

  [[nodiscard]] ParallelConfig read_config(Problems& problems) const {
    const bool is_reversed = is_last_fastest(problems);
    files::LayoutFile file;
    ParallelConfig config = read_layout(file, problems);
    config.world_size = number_of(*world_size_, {.min = 1}, problems).value_or(config.world_size);
    config.rank_offset = number_of(*rank_offset_, {.min = 0}, problems).value_or(config.rank_offset);
    if (const auto job_size = number_of(*job_size_, {.min = 1}, problems)) config.job_size = job_size;
    const auto axes = value_of(*axes_, problems);
    if (axes_->count() == 0) require_layout(config, problems);
    if (!problems.empty()) return config;
    const bool has_size = world_size_->count() > 0 ||
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
      if (groups_->count() > 0 || config.kinds.empty()) config.kinds = read_kinds(mesh, problems);
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

  /// What a file says of a mesh, but for what options say.
  [[nodiscard]] ParallelConfig read_layout(files::LayoutFile& file, Problems& problems) const {
    const auto path = value_of(*layout_, problems);
    if (!path) return {.convention = Convention::mesh};
    file = files::parse_layout_file(*path);
    const std::array<std::pair<std::string_view, const CLI::Option*>, 5> replaced{
        {{"meshes", axes_},
         {"world_size", world_size_},
         {"kinds", groups_},
         {"rank_offset", rank_offset_},
         {"job_size", job_size_}}};
    std::vector<GivenValue> given;
    std::erase_if(file.values, [&](const files::LayoutValue& value) {
      return std::any_of(replaced.begin(), replaced.end(), [&](const auto& field) {
        return field.first == value.value.field && field.second->count() > 0;
      });
    });
    for (const files::LayoutValue& value : file.values) given.push_back(value.value);
    std::vector<Diagnostic> known;
    for (const files::LayoutProblem& problem : file.problems) known.push_back(problem.diagnostic);
    const ConfigReading reading = read_values(given, std::move(known));
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      // The axes say it, if they can be read.
      if (diagnostic.field == "world_size" && diagnostic.value.empty()) continue;
      problems.push_back(file.placed(diagnostic).message());
    }
    if (problems.empty() && reading.config.convention != Convention::mesh) {
      problems.push_back(*path + ": has no mesh of its own; rankmesh groups --layout takes it");
    }
    return reading.config;
  }

  /// What is asked for without --axes needs a mesh from elsewhere, one where it is to be reshaped.
  void require_layout(const ParallelConfig& config, Problems& problems) const {
    if (layout_->count() == 0) {
      problems.emplace_back("--axes is missing: give --axes tp=2,dp=4, or --layout FILE");
      return;
    }
    if (fastest_->count() > 0) {
      problems.emplace_back("--fastest needs --axes: the first axis of a layout file is the fastest");
    }
    if (!problems.empty()) return;
    if (config.meshes.empty()) {
      problems.emplace_back("--axes is missing: the layout file has no meshes");
    } else if (config.meshes.size() > 1) {
      for (const CLI::Option* option : {flatten_, unflatten_}) {
        if (option->count() == 0) continue;
        problems.push_back(option->get_name() + " needs one mesh, and the layout file has " +
                           std::to_string(config.meshes.size()));
      }
    }
  }

  /// With the place in the file where what is wrong stands there.
  static std::string message(const Diagnostic& diagnostic, const files::LayoutFile& file) {
    const files::LayoutProblem in_file = file.placed(diagnostic);
    return in_file.line > 0 ? in_file.message() : diagnostic.message();
  }

  /// The mesh with axes merged and split as the options say.
  [[nodiscard]] Mesh reshaped(Mesh mesh, bool is_reversed, Problems& problems) const {
    for (const std::string& text : values_of(*unflatten_, problems)) {
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
    for (const std::string& text : values_of(*flatten_, problems)) {
      const std::size_t equals = text.find('=');
      attempt("--flatten", text, problems, [&] {
        const std::string merged = equals == std::string::npos ? "" : text.substr(equals + 1);
        mesh = mesh.flatten(parts_of(merged, '+'), text.substr(0, equals));
      });
    }
    return mesh;
  }

  [[nodiscard]] std::vector<KindSpec> read_kinds(const Mesh& mesh, Problems& problems) const {
    std::vector<KindSpec> kinds;
    const auto groups = value_of(*groups_, problems);
    if (!groups) {
      for (const Axis& axis : mesh.axes()) kinds.push_back({axis.name, {.varying = {axis.name}}});
      return kinds;
    }
    for (const std::string& text : parts_of(*groups, ',')) {
      attempt("--groups", text, problems, [&] { kinds.push_back(kind_of(text, mesh)); });
    }
    return kinds;
  }

  /// A group expression, with `all` and `all-tp` on top of what `parse_kind` knows.
  [[nodiscard]] static KindSpec kind_of(const std::string& text, const Mesh& mesh) {
    const std::size_t colon = text.find(':');
    const std::string expression = colon == std::string::npos ? text : text.substr(colon + 1);
    if (expression != "all" && !expression.starts_with("all-")) return parse_kind(text);
    std::vector<std::string> excluded = parts_of(expression, '-');
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

  /// A list in the order of DeviceMesh is easily given to a command that reads it the other way round.
  void warn_of_order(const ParallelConfig& config, std::vector<std::string>& warnings) const {
    const std::vector<Axis>& axes = config.meshes.front();
    if (fastest_->count() > 0 || axes_->count() == 0 || axes.size() < 2) return;
    if (axes.front().name != "pp" && axes.back().name != "tp") return;
    warnings.push_back(axes.front().name + " varies fastest and " + axes.back().name +
                       " slowest; --fastest last reads the axes as DeviceMesh does");
  }

  CLI::Option* layout_;
  CLI::Option* axes_;
  CLI::Option* fastest_;
  CLI::Option* world_size_;
  CLI::Option* flatten_;
  CLI::Option* unflatten_;
  CLI::Option* groups_;
  CLI::Option* rank_offset_;
  CLI::Option* job_size_;
  CLI::Option* gpus_per_node_;
  CLI::Option* format_;
  CLI::Option* all_;
};

}  // namespace

std::unique_ptr<Command> add_mesh_command(CLI::App& program) {
  return std::make_unique<MeshCommand>(program);
}

}  // namespace rankmesh::cli
