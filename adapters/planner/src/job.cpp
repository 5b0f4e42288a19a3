#include "rankmesh/planner/job.hpp"

#include <array>
#include <string>
#include <utility>

#include "rules.hpp"

namespace rankmesh::planner {

std::vector<Diagnostic> check(const ModelConfig& model, const Machine& machine, const Training& training,
                              const Layout& layout) {
  Diagnostics found;
  constexpr std::int64_t most = std::int64_t{1} << 31;
  const std::array<std::pair<std::string_view, std::int64_t>, 12> sizes{
      {{"tp", layout.tp},
       {"cp", layout.cp},
       {"ep", layout.ep},
       {"etp", layout.etp},
       {"pp", layout.pp},
       {"vpp", layout.vpp},
       {"dp", layout.dp},
       {"seq_length", training.sequence_length},
       {"global_batch", training.global_batch},
       {"micro_batch", training.micro_batch},
       {"gpus", machine.gpus},
       {"domain", machine.domain}}};
  for (const auto& [name, value] : sizes) {
    if (value < 1) found.add(name, value, "is below 1");
    if (value >= most) found.add(name, value, "is above 2147483647");
  }
  if (!found.empty()) return found.take();
  Reasons reasons(found);
  check_tensor(model, layout.tp, reasons);
  check_context(training, layout.cp, reasons);
  check_experts(model, layout, reasons);
  check_stages(model, layout, reasons);
  // In this order no product exceeds 64 bits.
  const bool is_product = layout.tp <= machine.gpus && layout.cp <= machine.gpus / layout.tp &&
                          layout.pp <= machine.gpus / (layout.tp * layout.cp) &&
                          layout.world() == machine.gpus;
  reasons.require(is_product, "gpus", machine.gpus, "is not the product of tp, cp, pp and dp");
  reasons.require(!is_product || layout.expert_dp() > 0, "ep", layout.ep,
                  "times etp does not divide the ranks of a stage");
  if (is_product && layout.expert_dp() > 0) check_order(layout, reasons);
  check_batch(training, layout, reasons);
  return found.take();
}

}  // namespace rankmesh::planner
