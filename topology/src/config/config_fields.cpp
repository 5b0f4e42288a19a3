#include "config/config_fields.hpp"

#include <algorithm>
#include <array>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

using Config = ParallelConfig;
using C = Convention;

constexpr std::array<NamedValue<Convention>, 4> conventions{
    {{"reference", C::reference, "the nine kinds of the reference module parallel_state"},
     {"extended", C::extended, "the same, and sequence parallel also with tensor and pipeline parallel"},
     {"megatron-core", C::megatron_core, "the kinds of Megatron-Core"},
     {"mesh", C::mesh, "custom kinds on custom meshes"}}};
constexpr std::array<NamedValue<AmaxRule>, 2> amax_rules{
    {{"reference", AmaxRule::reference_blocks, "consecutive blocks of tensor * data ranks"},
     {"product", AmaxRule::data_tensor_product,
      "ranks that differ in tensor, data or sequence position (data_tensor_product)"}}};
constexpr std::array<NamedValue<VirtualPipelineRule>, 2> vpp_rules{
    {{"reference", VirtualPipelineRule::reference, "more than two"},
     {"megatron", VirtualPipelineRule::megatron, "more than one, as in Megatron-Core"}}};

constexpr std::array<C, 4> all{C::reference, C::extended, C::megatron_core, C::mesh};
constexpr auto with_pipeline = std::span(all).first(3);
constexpr auto like_reference = std::span(all).first(2);
constexpr auto only_megatron_core = std::span(all).subspan(2, 1);
constexpr auto placed = std::span(all).subspan(2, 2);
constexpr auto only_mesh = std::span(all).subspan(3, 1);

const std::array<ConfigField, 26> fields{{
    {"world", "world_size", &Config::world_size, all, "ranks of the job", "", true},
    {"convention", "convention", ChoiceField<Convention>{&Config::convention, conventions}, all,
     "the groups to make, and the meaning of the sizes"},
    {"tp", "tensor", &Config::tensor, with_pipeline, "tensor parallel size"},
    {"pp", "pipeline", &Config::pipeline, with_pipeline, "pipeline parallel size: the number of stages"},
    {"sp", "sequence", &Config::sequence, like_reference,
     "sequence parallel size; above 1 only with tensor = pipeline = 1, or with the convention extended"},
    {"vpp", "virtual_pipeline", &Config::virtual_pipeline, with_pipeline,
     "virtual pipeline stages (model chunks) of every stage"},
    {"split-rank", "split_rank", &Config::split_rank, with_pipeline,
     "first decoder stage of an encoder-decoder model"},
    {"fp8", "fp8", &Config::fp8, like_reference, "make the amax groups"},
    {"distributed-optimizer", "distributed_optimizer", &Config::distributed_optimizer, with_pipeline,
     "data groups get a second, host-side communicator"},
    {"amax-rule", "amax_rule", ChoiceField<AmaxRule>{&Config::amax_rule, amax_rules}, like_reference,
     "the ranks that an amax group holds"},
    {"vpp-rule", "virtual_pipeline_rule",
     ChoiceField<VirtualPipelineRule>{&Config::virtual_pipeline_rule, vpp_rules}, like_reference,
     "the number of pipeline stages that virtual stages need"},
    {"cp", "context", &Config::context, only_megatron_core, "context parallel size"},
    {"ep", "expert", &Config::expert, only_megatron_core, "expert parallel size"},
    {"etp", "expert_tensor", &Config::expert_tensor, only_megatron_core,
     "tensor parallel size of the experts", "the tensor parallel size"},
    {"order", "order", &Config::order, only_megatron_core, "the axes; the leftmost varies fastest"},
    {"optimizer-instances", "optimizer_instances", &Config::optimizer_instances, only_megatron_core,
     "instances of the distributed optimizer"},
    {"hierarchical-cp", "hierarchical_context", &Config::hierarchical_context, only_megatron_core,
     "sizes of the levels of context parallelism, fastest first"},
    {"hybrid-cp", "hybrid_context", &Config::hybrid_context, only_megatron_core,
     "make the hybrid data and context groups"},
    {"gtp", "weight_remat", &Config::weight_remat, only_megatron_core,
     "ranks that rematerialise weights together"},
    {"egtp", "expert_weight_remat", &Config::expert_weight_remat, only_megatron_core,
     "ranks that rematerialise weights of experts together"},
    {"rank-offset", "rank_offset", &Config::rank_offset, placed, "first rank of the layout in the job"},
    {"job-size", "job_size", &Config::job_size, placed, "ranks of the whole job",
     "up to the end of the layout"},
    {"embedding-stages", "embedding_stages", &Config::embedding_stages, only_megatron_core,
     "stages with the word embedding; -1 is the last stage", "0, split, -1"},
    {"position-embedding-stages", "position_embedding_stages", &Config::position_embedding_stages,
     only_megatron_core, "stages with the position embedding; -1 is the last stage", "0, split"},
    {"axes", "meshes", &Config::meshes, only_mesh, "the axes of each mesh; the leftmost varies fastest"},
    {"groups", "kinds", &Config::kinds, only_mesh, "the kinds of group on those meshes"},
}};

/// Separates meshes in texts.
constexpr char next_mesh = '/';

struct Write {
  const Config& config;

  std::string operator()(std::int64_t Config::*member) const { return std::to_string(config.*member); }
  std::string operator()(std::optional<std::int64_t> Config::*member) const {
    return config.*member ? std::to_string(*(config.*member)) : "none";
  }
  std::string operator()(bool Config::*member) const { return config.*member ? "true" : "false"; }
  std::string operator()(std::string Config::*member) const { return config.*member; }
  std::string operator()(std::vector<std::int64_t> Config::*member) const {
    std::vector<std::string> numbers;
    for (const std::int64_t number : config.*member) numbers.push_back(std::to_string(number));
    return list(numbers, ",");
  }
  std::string operator()(std::vector<std::vector<Axis>> Config::*member) const {
    std::vector<std::string> meshes;
    for (const std::vector<Axis>& axes : config.*member) meshes.push_back(to_string(axes));
    return list(meshes, std::string_view(&next_mesh, 1));
  }
  std::string operator()(std::vector<KindSpec> Config::*member) const {
    std::vector<std::string> kinds;
    for (const KindSpec& kind : config.*member) kinds.push_back(to_string(kind));
    return list(kinds, ",");
  }
  template <typename Choice>
  std::string operator()(const ChoiceField<Choice>& choice) const {
    for (const auto& named : choice.values) {
      if (config.*choice.member == named.value) return std::string(named.word);
    }
    return "unknown";
  }

 private:
  static std::string list(const std::vector<std::string>& texts, std::string_view separator) {
    return texts.empty() ? "none" : joined(texts, separator);
  }
};

struct GetData {
  const Config& config;

  FieldValue::Data operator()(std::int64_t Config::*member) const { return config.*member; }
  FieldValue::Data operator()(std::optional<std::int64_t> Config::*member) const {
    return config.*member ? FieldValue::Data(*(config.*member)) : std::monostate();
  }
  FieldValue::Data operator()(bool Config::*member) const { return config.*member; }
  FieldValue::Data operator()(std::vector<std::int64_t> Config::*member) const { return config.*member; }
  template <typename T>
  FieldValue::Data operator()(std::vector<T> Config::*member) const {
    return (config.*member).empty() ? FieldValue::Data() : Write{config}(member);
  }
  FieldValue::Data operator()(std::string Config::*member) const { return config.*member; }
  template <typename Choice>
  FieldValue::Data operator()(const ChoiceField<Choice>& choice) const {
    return Write{config}(choice);
  }
};

/// Reads the value of a field; returns the rule that the text breaks, empty if none.
struct Read {
  Config& config;
  std::optional<std::string_view> value;

  std::string operator()(std::int64_t Config::*member) const { return number_into(config.*member); }
  std::string operator()(std::optional<std::int64_t> Config::*member) const {
    std::int64_t number = 0;
    std::string rule = number_into(number);
    if (rule.empty()) (config.*member).emplace(number);
    return rule;
  }
  std::string operator()(bool Config::*member) const {
    if (value) return "takes no value: write the word alone";
    config.*member = true;
    return "";
  }
  std::string operator()(std::string Config::*member) const {
    if (!value || value->empty()) return "has no value";
    config.*member = *value;
    return "";
  }
  std::string operator()(std::vector<std::int64_t> Config::*member) const {
    std::vector<std::int64_t> numbers;
    for (const std::string_view part : split_text(value.value_or(""), ',')) {
      if (const std::string rule = read_number(part, numbers.emplace_back()); !rule.empty()) {
        return "is no list of whole numbers with commas between them: \"" + std::string(part) + "\" " + rule;
      }
    }
    config.*member = std::move(numbers);
    return "";
  }
  std::string operator()(std::vector<std::vector<Axis>> Config::*member) const {
    return parts_into<std::vector<Axis>>(config.*member, next_mesh, parse_axes);
  }
  std::string operator()(std::vector<KindSpec> Config::*member) const {
    return parts_into<KindSpec>(config.*member, ',', parse_kind);
  }
  template <typename Choice>
  std::string operator()(const ChoiceField<Choice>& choice) const {
    std::vector<std::string_view> words;
    for (const auto& named : choice.values) {
      words.push_back(named.word);
      if (value != named.word) continue;
      config.*choice.member = named.value;
      return "";
    }
    return words.size() == 2 ? "is neither " + joined(words, " nor ") : "is none of " + joined(words, ", ");
  }

 private:
  std::string number_into(std::int64_t& number) const { return read_number(value.value_or(""), number); }

  template <typename Part, typename Parse>
  std::string parts_into(std::vector<Part>& parts, char separator, Parse parse) const {
    if (!value || value->empty()) return "has no value";
    std::vector<Part> read;
    std::vector<std::string> problems;
    for (const std::string_view part : split_text(*value, separator)) {
      try {
        read.push_back(parse(part));
      } catch (const ConfigError& error) {
        for (const Diagnostic& diagnostic : error.diagnostics()) problems.push_back(diagnostic.message());
      }
    }
    if (!problems.empty()) return "cannot be read: " + joined(problems, "; ");
    parts = std::move(read);
    return "";
  }
};

}  // namespace

std::span<const ConfigField> config_fields() {
  return fields;
}

std::string value_text(const ConfigField& field, const ParallelConfig& config) {
  return std::visit(Write{config}, field.access);
}

FieldValue::Data value_data(const ConfigField& field, const ParallelConfig& config) {
  return std::visit(GetData{config}, field.access);
}

std::string read_value(const ConfigField& field, std::optional<std::string_view> text,
                       ParallelConfig& config) {
  return std::visit(Read{config, text}, field.access);
}

std::string_view convention_text(Convention convention) {
  return std::find_if(conventions.begin(), conventions.end(),
                      [&](const auto& named) { return named.value == convention; })
      ->word;
}

void sort_by_field(std::vector<Diagnostic>& diagnostics) {
  const auto place = [](const Diagnostic& diagnostic) {
    return std::find_if(fields.begin(), fields.end(),
                        [&](const ConfigField& f) { return f.field == diagnostic.field; });
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

}  // namespace rankmesh
