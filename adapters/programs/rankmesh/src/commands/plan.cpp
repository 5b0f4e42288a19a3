#include <algorithm>
#include <array>

#include "common_options.hpp"
#include "planner_options.hpp"
#include "print/plan.hpp"
#include "print/plan_html.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

class PlanCommand : public RunnableCommand {
 public:
  PlanCommand()
      : RunnableCommand(
            {.name = "plan",
             .summary = "The fastest layouts of a model that fit into memory",
             .notes =
                 {{"Sizes that are not given take every value that divides what it must divide: tp up to "
                   "the GPUs of a fast domain, the micro batch up to 16. A size may be a number or a range: "
                   "--tp 8, --tp 2..8, --micro-batch ..4. "
                   "docs/planner.md has the formulas, and how far estimates are from measurements."}},
             .examples =
                 {"rankmesh plan --model m.json --cluster 'node:4 gpu:8' --seq-length 4096 "
                  "--global-batch 64",
                  "rankmesh plan --model m.json --cluster c.toml --seq-length 4096 --global-batch 64 --tp "
                  "2..4"}}),
        job_(*this),
        sizes_{&add_size("--tp", "tensor parallel size"),
               &add_size("--cp", "context parallel size"),
               &add_size("--ep", "expert parallel size"),
               &add_size("--etp", "tensor parallel size of the experts"),
               &add_size("--pp", "pipeline stages"),
               &add_size("--vpp", "parts of the model on each stage")},
        order_(add({.name = "--order",
                    .value_name = "ORDER",
                    .description = "orders of the axes to choose from, such as tp-cp-ep-dp-pp,tp-cp-ep-pp-dp",
                    .heading = "Search",
                    .default_value = "all"})),
        top_(add({.name = "--top",
                  .value_name = "N",
                  .description = "layouts to print",
                  .heading = "Search",
                  .default_value = "10"})),
        format_(add_format(
            *this, {"text", "json", {"html", "one file for the browser: memory and time of every layout"}})) {
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    PlannedJob job = job_.read(problems);
    planner::SearchSpace space{.training = job.training,
                               .micro_batch = job_.micro_batch_bounds(problems),
                               .recompute = job_.recompute(problems)};
    const std::array<planner::SizeBounds*, 6> bounds{&space.tp,  &space.cp, &space.ep,
                                                     &space.etp, &space.pp, &space.vpp};
    for (std::size_t i = 0; i < bounds.size(); ++i) *bounds[i] = bounds_of(*sizes_[i], problems);
    read_orders(space.orders, problems);
    const auto top =
        static_cast<std::size_t>(number_of(top_, {.min = 1, .max = 10000}, problems).value_or(10));
    const std::size_t format = choice_of(format_, problems).value_or(0);
    if (problems.empty()) job_.calibrate(job, problems);
    if (!problems.empty()) return {};
    const planner::Work work(job.model);
    const planner::Plan plan = planner::search(work, job.machine, space, top, job.constants);
    if (plan.layouts.empty()) {
      problems.push_back(plan.considered == 0 && !space.orders.empty()
                             ? "Megatron-Core takes these orders for no sizes that divide the GPUs, the "
                               "batch and the model; "
                               "give more orders or fewer sizes"
                         : plan.considered == 0
                             ? "no sizes divide the GPUs, the batch and the model; give fewer of them"
                             : "no layout fits into memory; take more GPUs, --recompute full or --zero 3");
      return {};
    }
    return {.warnings = job.warnings, .run = [job, work, space, plan, top, format](Writer& out, Style style) {
              if (format == 0) print_plan(job, work, space, plan, out, style);
              if (format == 1) print_plan_json(job, work, space, plan, out);
              if (format == 2) print_plan_html(job, work, space, top, out);
              return success;
            }};
  }

 private:
  const Option& add_size(const char* name, const char* description) {
    return add({.name = name,
                .value_name = "N",
                .description = description,
                .heading = "Search",
                .default_value = "all"});
  }

  void read_orders(std::vector<planner::Order>& orders, Problems& problems) const {
    const auto text = value_of(order_, problems);
    if (!text) return;
    for (const std::string_view word : split_text(*text, ',')) {
      const auto order = planner::parse_order(word);
      if (!order) {
        problems.push_back("--order: " + files::shown(word) +
                           " is no order of the axes tp, cp, ep, dp, pp, such as tp-cp-ep-dp-pp");
      } else if (std::find(orders.begin(), orders.end(), *order) == orders.end()) {
        orders.push_back(*order);
      }
    }
  }

  PlannerOptions job_;
  std::array<const Option*, 6> sizes_;
  const Option& order_;
  const Option& top_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_plan_command() {
  return std::make_unique<PlanCommand>();
}

}  // namespace rankmesh::cli
