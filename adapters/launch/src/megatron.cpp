// The systems built on Megatron-Core.

#include <algorithm>

#include "megatron_forms.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"
#include "rankmesh/topology/text.hpp"
#include "systems.hpp"

namespace rankmesh::launch {
namespace {

/// Longer layouts are checked, but not written out.
constexpr std::int64_t most_chunks = 4096;

class Megatron {
 public:
  Megatron(Reading& reading, const Form& form) : reading_(reading), form_(form) {}

  void read() {
    read_sizes();
    refuse_unknown();
    read_world(reading_, form_.system);
    read_batch();
    const bool fits = check_sizes();
    read_stages();
    reading_.require_heads(heads_, tensor_);
    check_experts();
    if (fits) finish();
  }

 private:
  [[nodiscard]] bool is(std::string_view system) const { return form_.system == system; }
  LaunchFile& file() { return reading_.file(); }
  Number size(std::initializer_list<std::string_view> keys, std::int64_t least = 1) {
    return reading_.number(form_.sizes, keys, least);
  }

  /// The key is in the table of the data parallel wrapper, of the optimizer, or of the sizes.
  [[nodiscard]] bool has_distributed_optimizer() const {
    const std::vector<Setting>& settings = reading_.settings().items;
    return std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) {
      return setting.key == "use_distributed_optimizer" && reading_.is_on(&setting);
    });
  }

  void read_sizes() {
    file().order = "tp-cp-ep-dp-pp";
    tensor_ = size({"tensor_model_parallel_size", "model_parallel_size"});
    pipeline_ = size({"pipeline_model_parallel_size"});
    context_ = size({"context_parallel_size"});
    expert_ = is("megatron-deepspeed") ? size({"moe_expert_parallel_size", "expert_model_parallel_size"})
                                       : size({"expert_model_parallel_size", "expert_parallel_size"});
    expert_tensor_ = size({"expert_tensor_parallel_size"});
    sequence_ = is("megatron-deepspeed") ? size({"ds_sequence_parallel_size"}) : Number{};
    layers_ = reading_.number(form_.model, {"num_layers", "num_hidden_layers"});
    if (reading_.known().layers) layers_ = {reading_.known().layers, layers_.from};
    heads_ = reading_.number(form_.model, {"num_attention_heads"});
    if (reading_.known().heads) heads_ = {reading_.known().heads, nullptr};
    if (!expert_tensor_.value) expert_tensor_.value = form_.has_unsplit_experts ? 1 : tensor_.or_one();
    if (reading_.is_on(reading_.find(form_.sizes, {"use_tp_pp_dp_mapping"})) ||
        reading_.is_on(reading_.find({""}, {"use_tp_pp_dp_mapping"})))
      file().order = "tp-cp-ep-pp-dp";
    reading_.add_size("tp", tensor_);
    reading_.add_size("pp", pipeline_);
    reading_.add_size("cp", context_);
    reading_.add_size("ep", expert_);
    reading_.add_size("etp", expert_tensor_);
    reading_.add_size("vpp", Number{});
    reading_.add_size("dp", std::nullopt);
    if (is("megatron-deepspeed")) reading_.add_size("sp", sequence_);
    file().layers = layers_.value;
    read_generation(reading_, form_.system);
  }

  /// A key of parallelism that nothing here reads would change the layout unseen.
  void refuse_unknown() {
    for (const Setting& setting : reading_.settings().items) {
      if (std::find(form_.sizes.begin(), form_.sizes.end(), setting.parent) == form_.sizes.end()) continue;
      // Beside the sizes at the top level of a file, there may be anything.
      if (setting.parent.empty() && reading_.settings().syntax != Syntax::shell && is("megatron-lm-yaml"))
        continue;
      const bool is_encoder =
          setting.key.starts_with("encoder_") && setting.key.find("parallel") != std::string::npos;
      if (is_encoder && setting.text && *setting.text != "0" && *setting.text != "1" &&
          setting.text != "null") {
        reading_.refuse(
            setting,
            "is not understood: encoders with a layout of their own are several modules (rankmesh modules)");
      }
      if (is_known_key(setting.key) || !is_of_parallelism(setting.key)) continue;
      reading_.refuse(setting, Phrase("is not understood, and may change the layout" +
                                      did_you_mean(closest_matches(setting.key, megatron_sizes()))));
    }
  }

  void read_batch() {
    const auto first = [&](const std::vector<std::string_view>& keys) {
      for (const std::string_view key : keys) {
        if (const Setting* setting = reading_.find(form_.batch, {key})) return reading_.number(setting);
      }
      return Number{};
    };
    micro_ = first(form_.micro);
    global_ = first(form_.global);
    file().micro_batch = micro_.value;
    file().global_batch = global_.value;
  }

  /// Whether the sizes of the dense layers fill the world.
  bool check_sizes() {
    if (reading_.is_wrong()) return false;
    if (!file().world_size) return false;
    std::vector<std::pair<std::string, Number>> factors{{"tp", tensor_}, {"pp", pipeline_}, {"cp", context_}};
    if (is("megatron-deepspeed")) factors.emplace_back("sp", sequence_);
    if (!reading_.require_world(factors, true)) return false;
    data_ = *file().world_size /
            capped_product({tensor_.or_one(), pipeline_.or_one(), context_.or_one(), sequence_.or_one()});
    reading_.set_size("dp", data_);
    // The mini batch of verl counts prompts, each with several answers.
    if (!is("verl-megatron")) reading_.require_batch(global_, micro_, data_);
    return true;
  }

  void check_experts() {
    const Number experts = reading_.number(form_.model, {"num_experts", "num_moe_experts"});
    if (is("megatron-deepspeed") || !experts.value || !expert_.value || expert_.from == nullptr) return;
    if (*experts.value % *expert_.value != 0)
      reading_.refuse(*expert_.from, Phrase("does not divide " + named("the experts", experts)));
  }

  /// How the layers are spread over stages and chunks.
  void read_stages() {
    const Setting* layout = reading_.find(form_.sizes, {"pipeline_model_parallel_layout"});
    if (layout != nullptr && layout->text && *layout->text != "null") return read_layout(*layout);
    const Number first = size({"decoder_first_pipeline_num_layers", "num_layers_in_first_pipeline_stage",
                               "first_pipeline_num_layers"});
    const Number last = size({"decoder_last_pipeline_num_layers", "num_layers_in_last_pipeline_stage",
                              "last_pipeline_num_layers"});
    const Number per_chunk = size({"num_layers_per_virtual_pipeline_stage"});
    Number chunks = size({"virtual_pipeline_model_parallel_size", "num_virtual_stages_per_pipeline_rank"});
    const std::int64_t stages = pipeline_.or_one();
    if (per_chunk.value && layers_.value) {
      const std::int64_t layers_of_chunks = capped_product({stages, *per_chunk.value});
      if (*layers_.value % layers_of_chunks != 0) {
        reading_.refuse(*per_chunk.from, Phrase("times " + named("pp", pipeline_) + " does not divide " +
                                                named("layers", layers_)));
      } else {
        chunks = {*layers_.value / layers_of_chunks, per_chunk.from};
      }
    } else if (per_chunk.value) {
      reading_.note(per_chunk.from->name +
                    ": the number of virtual stages follows from the layers, which the file does not say");
    }
    if (chunks.value) {
      reading_.set_size("vpp", chunks.value);
      if (per_chunk.from == nullptr) file().stated.emplace_back("vpp");
      virtual_ = *chunks.value;
    }
    if (layers_.value && !reading_.is_wrong()) spread(first, last);
  }

  /// Requires that the layers divide over the stages.
  void spread(const Number& first, const Number& last) {
    const auto adds = [&](std::string_view key) -> std::int64_t {
      return reading_.is_on(reading_.find(form_.sizes, {key})) ? 1 : 0;
    };
    const std::int64_t stages = pipeline_.or_one();
    std::int64_t rest = *layers_.value + adds("account_for_embedding_in_pipeline_split") +
                        adds("account_for_loss_in_pipeline_split");
    std::int64_t others = stages;
    for (const Number* end : {&first, &last}) {
      if (!end->value) continue;
      rest -= *end->value;
      --others;
    }
    const bool is_uneven = first.value || last.value;
    const std::int64_t parts = is_uneven ? std::max<std::int64_t>(others, 0) : stages;
    const std::int64_t chunks = is_uneven ? 1 : virtual_.value_or(1);
    if (parts == 0 ? rest == 0 : rest >= 0 && rest % (capped_product({parts, chunks})) == 0) {
      if (!is_uneven || stages > 4096) return;
      file().layers_per_stage.assign(static_cast<std::size_t>(stages), parts == 0 ? 0 : rest / parts);
      if (first.value) file().layers_per_stage.front() = *first.value;
      if (last.value) file().layers_per_stage.back() = *last.value;
      return;
    }
    const std::string over =
        named("pp", pipeline_) + " stages" + (chunks > 1 ? " of " + std::to_string(chunks) + " chunks" : "");
    std::string rule = "does not divide over " + over;
    if (is_uneven) {
      rule = "leaves " + std::to_string(rest) + " layers to " + counted(others, "stage") +
             " beside the first and last, which do not divide";
    } else if (stages > 1) {
      rule +=
          "; give the first or the last stage another number of layers (--decoder-last-pipeline-num-layers " +
          std::to_string(*layers_.value - (*layers_.value + stages - 1) / stages * (stages - 1)) + ")";
    }
    const Setting none{.name = "layers"};
    const Setting& at =
        layers_.from == nullptr ? (pipeline_.from == nullptr ? none : *pipeline_.from) : *layers_.from;
    reading_.refuse(layers_.from == nullptr ? "layers" : layers_.from->name, std::to_string(*layers_.value),
                    rule, &at);
  }

  void read_layout(const Setting& setting) {
    try {
      layout_ = PipelineLayout::parse(*setting.text, pipeline_.or_one());
    } catch (const ConfigError& error) {
      for (Diagnostic diagnostic : error.diagnostics()) {
        diagnostic.rule.rename("pipeline", "pp");
        reading_.refuse(setting, diagnostic.rule);
      }
      return;
    }
    if (layers_.value && layout_->layers() != *layers_.value) {
      return reading_.refuse(setting, Phrase("has " + counted(layout_->layers(), "layer") + ", not " +
                                             named("layers", layers_)));
    }
    if (!layers_.value) file().layers = layout_->layers();
    virtual_ = layout_->virtual_stages();
    reading_.set_size("vpp", virtual_);
    const bool is_short =
        std::max({layout_->chunks(), layout_->layers(), layout_->mtp_layers()}) <= most_chunks;
    if (is_short) add_stages(*layout_);
  }

  /// What each chunk of each stage holds: `Ett`.
  void add_stages(const PipelineLayout& layout) {
    for (std::int64_t stage = 0; stage < layout.stages(); ++stage) {
      std::vector<std::string>& chunks = file().stages.emplace_back();
      std::int64_t layers = 0;
      for (std::int64_t chunk = 0; chunk < layout.virtual_stages(); ++chunk) {
        const ChunkContent content = layout.chunk({.stage = stage, .virtual_stage = chunk});
        layers += content.layers.count;
        chunks.push_back(std::string(content.embedding ? 1 : 0, 'E') +
                         std::string(static_cast<std::size_t>(content.layers.count), 't') +
                         std::string(static_cast<std::size_t>(content.mtp.count), 'm') +
                         std::string(content.loss ? 1 : 0, 'L'));
      }
      file().layers_per_stage.push_back(layers);
    }
  }

  void finish() {
    ParallelConfig config{.world_size = *file().world_size};
    if (is("megatron-deepspeed")) return finish_deepspeed(config);
    config.convention = Convention::megatron_core;
    config.tensor = tensor_.or_one();
    config.pipeline = pipeline_.or_one();
    config.context = context_.or_one();
    config.expert = expert_.or_one();
    if (*expert_tensor_.value != config.tensor) config.expert_tensor = expert_tensor_.value;
    config.order = file().order;
    if (virtual_ && *virtual_ > 1) config.virtual_pipeline = virtual_;
    config.optimizer_instances = size({"num_distributed_optimizer_instances"}).or_one();
    const Setting* levels = reading_.find(form_.sizes, {"hierarchical_context_parallel_sizes"});
    if (levels != nullptr) {
      for (const std::string& level : levels->list) {
        std::int64_t value = 0;
        if (read_number(level, value).empty())
          config.hierarchical_context.push_back(value);
        else
          reading_.refuse(*levels, Phrase("has \"" + level + "\" in it, which is not a whole number"));
      }
    }
    config.distributed_optimizer = has_distributed_optimizer();
    config.hybrid_context = reading_.is_on(reading_.find(form_.sizes, {"hybrid_context_parallel"}));
    const Number split = size({"pipeline_model_parallel_split_rank"}, 0);
    config.split_rank = split.value;
    config.rank_offset = reading_.known().rank_offset;
    config.job_size = reading_.known().job_size;
    const Setting* const order = reading_.find(form_.sizes, {"use_tp_pp_dp_mapping"});
    const bool is_tied = !reading_.is_on(reading_.find(form_.sizes, {"untie_embeddings_and_output_weights"}));
    reading_.set_config(
        [&] {
          if (auto diagnostics = check(config); !diagnostics.empty())
            throw ConfigError(std::move(diagnostics));
          return layout_ ? with_pipeline_layout(config, *layout_, is_tied) : config;
        },
        {{"tensor", tensor_.from},
         {"pipeline", pipeline_.from},
         {"context", context_.from},
         {"expert", expert_.from},
         {"expert_tensor", expert_tensor_.from},
         {"order", order},
         {"hierarchical_context", levels},
         {"split_rank", split.from}});
  }

  /// Experts take their ranks from data parallelism, as DeepSpeed lays them out.
  void finish_deepspeed(ParallelConfig config) {
    const bool splits_experts =
        reading_.is_on(reading_.find(form_.sizes, {"enable_expert_tensor_parallelism"}));
    reading_.set_size("etp", splits_experts ? tensor_.or_one() : 1);
    const std::int64_t ranks = *data_ * sequence_.or_one();
    if (expert_.value && ranks % *expert_.value != 0) {
      reading_.refuse(*expert_.from,
                      Phrase("does not divide the " + std::to_string(ranks) + " data parallel ranks"));
      return;
    }
    config.convention = Convention::extended;
    config.tensor = tensor_.or_one();
    config.pipeline = pipeline_.or_one();
    config.sequence = sequence_.or_one();
    config.rank_offset = reading_.known().rank_offset;
    config.job_size = reading_.known().job_size;
    reading_.set_config(
        [&] {
          if (auto diagnostics = check(config); !diagnostics.empty())
            throw ConfigError(std::move(diagnostics));
          return config;
        },
        {{"tensor", tensor_.from}, {"pipeline", pipeline_.from}, {"sequence", sequence_.from}});
    if (expert_.or_one() > 1)
      reading_.note("the groups of experts are not printed; rankmesh translate --from deepspeed has them");
    file().order = sequence_.or_one() > 1 ? "tp-sp-dp-pp" : "tp-dp-pp";
  }

  Reading& reading_;
  const Form& form_;
  Number tensor_, pipeline_, context_, expert_, expert_tensor_, sequence_, layers_, heads_, micro_, global_;
  std::optional<std::int64_t> data_;
  std::optional<std::int64_t> virtual_;
  /// Of a layout string.
  std::optional<PipelineLayout> layout_;
};

}  // namespace

void read_megatron(Reading& reading, std::string_view name) {
  Megatron(reading, form_of(name)).read();
}

}  // namespace rankmesh::launch
