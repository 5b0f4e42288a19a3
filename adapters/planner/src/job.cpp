#include "rankmesh/planner/job.hpp"

#include <array>
#include <string>
#include <utility>

namespace rankmesh::planner {
namespace {

void require_divides(std::string_view field, std::int64_t value, std::string_view whole, std::int64_t number,
                     Diagnostics& found) {
  if (number % value != 0) found.add(field, value, "does not divide " + Phrase::field(whole, number));
}

void check_model_sizes(const ModelConfig& model, const Layout& layout, Diagnostics& found) {
  require_divides("tp", layout.tp, "heads", model.heads, found);
  if (layout.tp <= model.kv_heads) {
    require_divides("tp", layout.tp, "kv_heads", model.kv_heads, found);
  } else if (layout.tp % model.kv_heads != 0) {
    found.add("tp", layout.tp, "is no multiple of " + Phrase::field("kv_heads", model.kv_heads));
  }
  if (model.ffn > 0 && model.expert_layers() < model.layers)
    require_divides("tp", layout.tp, "ffn", model.ffn, found);
  if (model.experts > 0) {
    require_divides("ep", layout.ep, "experts", model.experts, found);
    require_divides("etp", layout.etp, "expert_ffn", model.expert_ffn, found);
  } else if (layout.ep > 1) {
    found.add("ep", layout.ep, "needs experts, but experts = 0");
  }
  if (layout.pp * layout.vpp > model.layers)
    found.add(layout.vpp > 1 ? "vpp" : "pp", layout.vpp > 1 ? layout.vpp : layout.pp,
              "makes more stages than " + Phrase::field("layers", model.layers));
  if (layout.vpp > 1 && layout.pp == 1) found.add("vpp", layout.vpp, "needs several stages, but pp = 1");
}

}  // namespace

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
  check_model_sizes(model, layout, found);
  const std::int64_t model_ranks = layout.tp * layout.cp * layout.pp;
  if (model_ranks > machine.gpus || layout.dp > machine.gpus || layout.world() != machine.gpus)
    found.add("gpus", machine.gpus, "is not the product of tp, cp, pp and dp");
  else if (layout.expert_dp() == 0)
    found.add("ep", layout.ep, "times etp does not divide the ranks of a stage");
  require_divides("cp", layout.cp, "seq_length", training.sequence_length, found);
  const std::int64_t sequences = training.micro_batch * layout.dp;
  if (training.global_batch % sequences != 0)
    found.add("global_batch", training.global_batch, "is no multiple of micro_batch times dp");
  return found.take();
}

}  // namespace rankmesh::planner
