#include "print/plan_html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/plan_page.hpp"
#include "print/estimate.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_layouts = 5000;

double rounded(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

/// A layout, and whether no other one is faster with as little memory.
struct Point {
  planner::PlannedLayout planned;
  bool is_pareto = false;
};

/// The layouts to show, the fastest first.
std::vector<Point> points_of(std::vector<planner::PlannedLayout> layouts) {
  std::stable_sort(layouts.begin(), layouts.end(),
                   [](const planner::PlannedLayout& a, const planner::PlannedLayout& b) {
                     return std::pair(a.estimate.step_s, a.estimate.memory.total()) <
                            std::pair(b.estimate.step_s, b.estimate.memory.total());
                   });
  std::vector<Point> points;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < layouts.size(); ++i) {
    const double memory = layouts[i].estimate.memory.total();
    const bool is_pareto = memory < least;
    least = std::min(least, memory);
    if (i < most_layouts || is_pareto) points.push_back({layouts[i], is_pareto});
  }
  return points;
}

ordered_json point_json(const Point& point, bool has_experts) {
  const planner::PlannedLayout& planned = point.planned;
  const planner::Layout& l = planned.layout;
  ordered_json sizes{l.tp, l.cp, l.pp, l.vpp, "", "", l.dp};
  if (has_experts) {
    sizes[4] = l.ep;
    sizes[5] = l.etp;
  }
  ordered_json time = ordered_json::array();
  for (const StepPart& part : step_parts()) time.push_back(rounded(planned.estimate.time.*part.seconds));
  return {{"step", rounded(planned.estimate.step_s)},
          {"memory", rounded(planned.estimate.memory.total() / gib)},
          {"pareto", point.is_pareto},
          {"config", layout_text(l)},
          {"sizes", sizes},
          {"micro", planned.micro_batch},
          {"recompute", name_of(planned.recompute)},
          {"order", l.order == planner::Order{} ? "" : to_string(l.order)},
          {"time", time}};
}

/// JSON that can stand in an HTML element.
std::string embedded(const ordered_json& json) {
  std::string result;
  for (const char c : json.dump(-1, ' ', true, ordered_json::error_handler_t::replace))
    c == '<' ? result += "\\u003c" : result += c;
  return result;
}

}  // namespace

void print_plan_html(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                     std::size_t top, Writer& out) {
  std::vector<planner::PlannedLayout> layouts;
  const std::int64_t considered =
      planner::for_each_layout(work, job.machine, space, job.constants,
                               [&](const planner::PlannedLayout& planned) { layouts.push_back(planned); });
  const auto valid = static_cast<std::int64_t>(layouts.size());
  ordered_json shown = ordered_json::array();
  const std::vector<Point> points = points_of(std::move(layouts));
  for (const Point& point : points) shown.push_back(point_json(point, job.model.experts > 0));
  ordered_json facts{fmt::format("{} considered, {} fit; sequences of {}, batch {}",
                                 counted(considered, "layout"), valid, space.training.sequence_length,
                                 space.training.global_batch)};
  if (static_cast<std::int64_t>(shown.size()) < valid)
    facts.push_back(
        fmt::format("Shown are {} of them: the fastest, and those that no other one beats in both "
                    "memory and time.",
                    shown.size()));
  ordered_json parts = ordered_json::array();
  for (const StepPart& part : step_parts()) parts.push_back(part.name);
  const std::string model = job.model.name.empty() ? "Layouts" : "Layouts of " + job.model.name;
  const ordered_json page{{"title", fmt::format("{} on {} x {} with {:.1f} GiB", model, job.machine.gpus,
                                                job.machine.gpu.name, job.machine.gpu.memory_gib)},
                          {"facts", facts},
                          {"capacity", rounded(job.machine.gpu.memory_gib)},
                          {"top", top},
                          {"parts", parts},
                          {"layouts", shown},
                          {"what_if", what_ifs_json(job, work, space, points.front().planned)}};
  out.put(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // The page loads nothing, and the browser enforces that.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n<title>rankmesh plan</title>\n<style>\n");
  out.put(plan_page_css);
  out.put("</style>\n</head>\n<body>\n");
  out.put(plan_page_body);
  out.put("<script type=\"application/json\" id=\"plan\">");
  out.put(embedded(page));
  out.put("</script>\n<script>\n");
  out.put(plan_page_js);
  out.put("</script>\n</body>\n</html>\n");
}

}  // namespace rankmesh::cli
