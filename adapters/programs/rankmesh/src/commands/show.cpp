#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "json.hpp"
#include "layout_command.hpp"
#include "print/groups.hpp"
#include "print/job.hpp"
#include "print/launch.hpp"
#include "print/stages.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/options/job_options.hpp"
#include "rankmesh/options/split_options.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

/// The largest job of which each rank is looked at for rails and whole domains, where these are no formulas.
constexpr int most_walked_ranks = 1 << 20;

struct ShowRequest {
  /// All kinds if empty.
  std::vector<GroupKind> kinds{};
  bool as_json = false;
  std::optional<int> gpus_per_node{};
  std::optional<PlacedRanks> where{};
  Names names = Names::of_rankmesh;
  /// Of a file of another system: what it says.
  std::optional<launch::LaunchFile> launch{};
  std::optional<PipelineLayout> layout{};
  std::optional<JobSizes> job{};
};

/// A kind with what is computed once.
struct KindSummary {
  const KindFamily* kind = nullptr;
  /// The first kind before this one that has the same lists; null if there is none.
  const KindFamily* same = nullptr;
  std::optional<BlockSpan> span{};
  /// At each level of the cluster but the innermost.
  std::vector<BlockSpan> levels{};
  /// Rails and whole domains; nothing in a job that is too large to look at each rank, where it must be.
  std::optional<ClusterSpans> spans{};
};

std::string span_text(BlockSpan span) {
  return span.fewest == span.most ? fmt::format("{}", span.most)
                                  : fmt::format("{}-{}", span.fewest, span.most);
}

/// The first kind before this one that has the same lists.
const KindFamily* same_lists(const Topology& topology, const KindFamily& kind) {
  for (const KindFamily& earlier : topology.kinds()) {
    if (&earlier == &kind) break;
    if (earlier.family.same_groups(kind.family)) return &earlier;
  }
  return nullptr;
}

std::vector<KindSummary> summaries(const Topology& topology, const ShowRequest& request) {
  std::vector<KindSummary> result;
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    KindSummary summary{.kind = kind, .same = same_lists(topology, *kind)};
    if (request.gpus_per_node) summary.span = block_span(kind->family, *request.gpus_per_node);
    if (request.where) {
      const auto& [cluster, placement, keep] = *request.where;
      if (topology.world_size() <= most_walked_ranks || are_spans_formulas(kind->family, cluster, placement))
        summary.spans = cluster_spans(kind->family, cluster, placement);
      for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
        const LevelSpan span = summary.spans ? summary.spans->levels[level]
                                             : level_span(kind->family, cluster, placement, level);
        summary.levels.push_back({span.fewest, span.most});
      }
    }
    result.push_back(summary);
  }
  return result;
}

/// `one rail`, `whole racks`: what the spans do not tell of groups with several members.
std::vector<std::string> place_notes(const KindSummary& summary, const PlacedRanks& where) {
  std::vector<std::string> notes;
  if (!summary.spans || summary.kind->family.group_size() == 1) return notes;
  const std::size_t host = where.cluster.host_level();
  if (summary.spans->is_rail_aligned && summary.levels[host].most > 1) notes.emplace_back("one rail each");
  for (std::size_t level = 0; level + 1 < where.cluster.level_count(); ++level) {
    if (!summary.spans->fills_domains[level]) continue;
    notes.push_back("whole " + where.cluster.level_name(level) + "s");
    break;
  }
  return notes;
}

std::string note(const Topology& topology, const KindSummary& summary, const ShowRequest& request) {
  const Names names = request.names;
  const KindFamily& kind = *summary.kind;
  const GroupFamily& family = kind.family;
  std::vector<std::string> notes;
  if (family.member_count() < topology.layout_size()) {
    notes.push_back("only " + counted(family.member_count(), "rank"));
  } else if (family.group_size() == 1) {
    notes.emplace_back("single ranks");
  } else if (summary.same != nullptr) {
    notes.push_back(fmt::format("as {}", name_of(*summary.same, names)));
  }
  if (kind.kind == GroupKind::data && topology.config().distributed_optimizer) {
    notes.emplace_back("host-side too");
  }
  if (request.where) {
    for (std::string& text : place_notes(summary, *request.where)) notes.push_back(std::move(text));
  }
  return joined(notes, "; ");
}

/// How much of the groups a table shows.
struct Shown {
  /// The widest list of ranks.
  std::size_t list_width = 10;
  bool last_group = true;
};

Table table_of(const Topology& topology, const std::vector<KindSummary>& kinds, const ShowRequest& request,
               Shown shown) {
  using Align = Table::Align;
  const Names names = request.names;
  std::vector<Table::Column> columns{
      {"kind"}, {"groups", Align::right}, {"size", Align::right}, {"pattern"}, {"nodes", Align::right}};
  if (request.where) {
    for (std::size_t level = 0; level + 1 < request.where->cluster.level_count(); ++level) {
      columns.push_back({request.where->cluster.level_name(level) + "s", Align::right});
    }
  }
  for (const char* heading : {"first group", "last group", "note"}) columns.push_back({heading});
  Table table(std::move(columns));
  for (const KindSummary& summary : kinds) {
    const GroupFamily& family = summary.kind->family;
    const bool crosses =
        summary.kind->kind == GroupKind::tensor && summary.span.value_or(BlockSpan{}).most > 1;
    std::vector<Table::Cell> cells{
        {std::string(name_of(*summary.kind, names)), Table::Colour::cyan},
        {fmt::format("{}", family.group_count())},
        {fmt::format("{}", family.group_size())},
        {family.pattern()},
        {summary.span ? span_text(*summary.span) : "", crosses ? Table::Colour::red : Table::Colour::none}};
    for (const BlockSpan& span : summary.levels) cells.push_back({span_text(span)});
    cells.push_back({short_list_text(family, 0, shown.list_width)});
    cells.push_back(
        {shown.last_group ? short_list_text(family, family.group_count() - 1, shown.list_width) : ""});
    cells.push_back({note(topology, summary, request)});
    table.add(std::move(cells));
  }
  return table;
}

/// How many communicators there are: those of a plan, and those of one for every group of every kind.
struct Communicators {
  std::size_t planned = 0;
  std::int64_t of_all_groups = 0;
  std::size_t per_rank = 0;
};

Communicators communicators_of(const Topology& topology) {
  const CommunicatorPlan plan(topology);
  Communicators result{.planned = plan.steps().size(), .per_rank = topology.kinds().size()};
  for (const KindFamily& kind : topology.kinds()) result.of_all_groups += kind.family.group_count();
  return result;
}

std::string communicators_text(const Communicators& count) {
  return fmt::format(
      "communicators: at most {} per rank, made in {}; the reference creates one for each of {}, at most {} "
      "per "
      "rank, and every rank takes part in all of them",
      count.planned, counted(count.planned, "step"), counted(count.of_all_groups, "group"), count.per_rank);
}

void print_text(const Topology& topology, const ShowRequest& request, Writer& out, Style style) {
  if (request.launch) out.put(launch_text(*request.launch));
  for (const std::string& line : world_lines(topology, request.gpus_per_node)) {
    out.put(hanging(line, style.width()) + "\n");
  }
  out.put("configuration: " + to_string(topology.config()) + "\n");
  if (request.job) {
    for (const std::string& line : job_lines(*request.job, topology.config()))
      out.put(hanging(line, style.width()) + "\n");
  }
  out.put('\n');

  const std::vector<KindSummary> kinds = summaries(topology, request);
  // Where the lines are too short for both, the last groups are left out.
  const bool last_group = table_of(topology, kinds, request, {}).lines_of_row(style.width()) == 1;
  fitting(style.width(), [&](std::size_t list_width) {
    return table_of(topology, kinds, request, {list_width, last_group});
  }).print(out, style);
  out.put('\n');
  if (request.kinds.empty()) {
    out.put(hanging(communicators_text(communicators_of(topology)), style.width()) + "\n");
  }
  if (request.layout) {
    if (request.kinds.empty()) out.put('\n');
    print_stages(*request.layout, std::nullopt, out, style);
    out.put('\n');
  }
  constexpr std::string_view legend =
      "pattern: size:stride pairs, the fastest first; @ the positions picked. See rankmesh show --help.";
  out.put(style.faint(hanging(legend, style.width())) + "\n");
}

/// @return whether a list was shortened
bool put_kind_json(const KindSummary& summary, const ShowRequest& request, Writer& out) {
  const GroupFamily& family = summary.kind->family;
  nlohmann::ordered_json json = {{"kind", name_of(*summary.kind, request.names)},
                                 {"groups", family.group_count()},
                                 {"size", family.group_size()},
                                 {"members", family.member_count()},
                                 {"pattern", family.pattern()},
                                 {"same_as", nullptr}};
  if (summary.same != nullptr) json["same_as"] = name_of(*summary.same, request.names);
  if (summary.span) json["nodes"] = {{"fewest", summary.span->fewest}, {"most", summary.span->most}};
  if (request.where) {
    nlohmann::ordered_json spans = nlohmann::ordered_json::object();
    for (std::size_t level = 0; level < summary.levels.size(); ++level) {
      const BlockSpan& span = summary.levels[level];
      nlohmann::ordered_json& entry = spans[request.where->cluster.level_name(level)];
      entry = {{"fewest", span.fewest}, {"most", span.most}};
      if (summary.spans) entry["fills"] = bool{summary.spans->fills_domains[level]};
    }
    json["spans"] = spans;
    if (summary.spans) json["rail_aligned"] = summary.spans->is_rail_aligned;
  }
  std::string text = json.dump();
  text.back() = ',';
  out.put(text);
  const bool is_shortened = put_ranks_json(out, "first_group", family, 0, false);
  out.put(',');
  put_ranks_json(out, "last_group", family, family.group_count() - 1, false);
  out.put('}');
  return is_shortened;
}

/// `"name": value` of each member of an object, each on a line.
std::string members_of(const nlohmann::ordered_json& json) {
  std::string text;
  for (const auto& [name, value] : json.items()) text += fmt::format("\"{}\": {},\n ", name, value.dump());
  return text;
}

void print_json(const Topology& topology, const ShowRequest& request, Writer& out) {
  out.put('{');
  out.put(request.launch ? members_of(launch_json(*request.launch))
                         : fmt::format("\"world_size\": {},\n ", topology.layout_size()));
  out.put(fmt::format("\"config\": {},\n", config_json(topology.config())));
  if (request.gpus_per_node) out.put(fmt::format(" \"gpus_per_node\": {},\n", *request.gpus_per_node));
  if (request.job) out.put(" \"job\": " + job_json(*request.job, topology.config()) + ",\n");
  if (request.layout) {
    out.put(" \"pipeline_layout\": ");
    put_stages_json(*request.layout, out);
    out.put(",\n");
  }
  const Communicators count = communicators_of(topology);
  out.put(fmt::format(" \"communicators\": {{\"planned\": {}, \"of_all_groups\": {}}},\n \"kinds\": [",
                      count.planned, count.of_all_groups));
  std::string_view separator = "\n  ";
  bool is_shortened = false;
  for (const KindSummary& summary : summaries(topology, request)) {
    out.put(separator);
    is_shortened |= put_kind_json(summary, request, out);
    separator = ",\n  ";
  }
  out.put("\n ]");
  if (is_shortened) {
    out.put(
        ",\n \"note\": \"groups of more than 1024 are null, with their size and both ends beside them; "
        "rankmesh "
        "groups --format json prints them\"");
  }
  out.put("}\n");
}

class ShowCommand : public LayoutCommand {
 public:
  ShowCommand()
      : LayoutCommand(
            {.name = "show",
             .summary = "A summary: one line for every kind of group",
             .notes = {{"The pattern of a group is a list of pairs size:stride, the fastest first:",
                        {{"8:1", "8 consecutive ranks"},
                         {"4:16", "4 ranks, 16 apart"},
                         {"2:1 4:4", "4 times 2 consecutive ranks, 4 apart: 0 1, 4 5, 8 9, 12 13"},
                         {"4:4@0,3", "the members at positions 0 and 3 of a group with the pattern 4:4"},
                         {"-", "a single rank"}}}},
             .examples = {"rankmesh show --world-size 16 --tp 2 --pp 4",
                          "rankmesh show --world-size 1024 --tp 8 --pp 16 --fp8 --gpus-per-node 8",
                          "rankmesh show --world-size 512 --pp 16 --layers 126 --account-for-embedding "
                          "--account-for-loss",
                          "rankmesh show --world-size 64 --tp 8 --kind tensor --format json"}}),
        kinds_(*this),
        cluster_(*this),
        split_(*this),
        job_(*this),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    OptionReading reading = read_open_config(problems);
    const std::optional<PipelineLayout> layout = split_.read(reading, problems);
    const auto gpus_per_node = read_gpus_per_node(problems);
    const bool has_ranks = !reading.launch || reading.launch->config;
    const auto where = has_ranks ? cluster_.read(reading, gpus_per_node, problems) : std::nullopt;
    const ShowRequest request{.kinds = kinds_.read(reading, problems),
                              .as_json = format_of(format_, problems) == Format::json,
                              .gpus_per_node = where ? std::nullopt : gpus_per_node,
                              .where = where,
                              .names = read_names(problems),
                              .launch = reading.launch,
                              .layout = layout,
                              .job = read_job(reading, problems)};
    if (!problems.empty()) return {};
    if (reading.launch && !reading.launch->config) return task_without_ranks(request, reading.notes);
    return task_on(
        reading, request.gpus_per_node,
        [request](const Topology& topology, Writer& out, Style style) {
          if (request.as_json) return print_json(topology, request, out);
          print_text(topology, request, out, style);
        },
        request.where);
  }

 private:
  [[nodiscard]] std::optional<JobSizes> read_job(const OptionReading& reading, Problems& problems) const {
    std::optional<JobSizes> sizes = job_.read(problems);
    const bool has_ranks = !reading.launch || reading.launch->config;
    if (!sizes || !problems.empty() || !has_ranks) return sizes;
    for (const Diagnostic& diagnostic : check_job_sizes(*sizes, reading.config))
      problems.push_back(JobOptions::message(diagnostic));
    return sizes;
  }

  /// Prints the sizes of a file that does not say how many ranks there are.
  static Task task_without_ranks(const ShowRequest& request, const std::vector<std::string>& notes) {
    Task task{.warnings = notes};
    task.run = [request](Writer& out, Style) {
      if (request.as_json) {
        out.put("{" + members_of(launch_json(*request.launch)) + "\"config\": null,\n \"kinds\": []}\n");
      } else {
        out.put(launch_text(*request.launch) +
                "ranks: the file does not say how many; --world-size N prints the groups\n");
      }
      return success;
    };
    return task;
  }

  KindsOption kinds_;
  ClusterOptions cluster_;
  SplitOptions split_;
  JobOptions job_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_show_command() {
  return std::make_unique<ShowCommand>();
}

}  // namespace rankmesh::cli
