#include "print/model.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "rankmesh/output/table.hpp"
#include "rankmesh/planner/flops.hpp"
#include "rankmesh/planner/parameters.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// `8,030,261,248`
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, ",");
  return text;
}

std::string summary_of(const planner::ModelConfig& model) {
  std::string text = (model.name.empty() ? "" : model.name + ": ") + counted(model.layers, "layer");
  if (const std::int64_t layers = model.expert_layers(); layers > 0) {
    text += fmt::format(", {} of them with {}, {} per token", layers, counted(model.experts, "expert"),
                        model.experts_per_token);
  }
  return printable(text);
}

void put_line(const std::string& text, Writer& out, Style style) {
  out.put(hanging(text, style.width()) + "\n");
}

}  // namespace

void print_model(const planner::ModelConfig& model, std::int64_t sequence_length, Writer& out, Style style) {
  using Align = Table::Align;
  put_line(summary_of(model), out, style);
  out.put('\n');
  Table table({{"part"},
               {"values of one"},
               {"", Align::right},
               {"count", Align::right},
               {"total", Align::right},
               {"active", Align::right}});
  for (const planner::ParameterRow& row : planner::parameter_table(model)) {
    table.add({{row.part},
               {row.formula},
               {"= " + grouped(row.each)},
               {grouped(row.count)},
               {grouped(row.each * row.count)},
               {grouped(row.each * row.active)}});
  }
  const planner::ParameterCount count = planner::count_parameters(model);
  table.add({{"all"}, {}, {}, {}, {grouped(count.total)}, {grouped(count.active)}});
  table.print(out, style);
  if (model.mtp_layers > 0) {
    out.put('\n');
    put_line(fmt::format(
                 "{} more to predict further tokens: {} parameters, {} with copies of embedding and output",
                 counted(model.mtp_layers, "layer"), grouped(count.mtp_unique), grouped(count.mtp_stored)),
             out, style);
  }
  const planner::Flops flops = planner::forward_flops(model, sequence_length);
  out.put('\n');
  put_line(
      fmt::format(
          "GFLOP for a token, forward, in a sequence of {}: {:.3f} = layers {:.3f} + attention {:.3f} + "
          "output {:.3f}",
          sequence_length, flops.total() / 1e9, flops.layers / 1e9, flops.attention / 1e9, flops.head / 1e9),
      out, style);
}

void print_model_json(const planner::ModelConfig& model, std::int64_t sequence_length, Writer& out) {
  const planner::ParameterCount count = planner::count_parameters(model);
  const planner::Flops flops = planner::forward_flops(model, sequence_length);
  nlohmann::ordered_json json{{"model", model.name},
                              {"parameters",
                               {{"total", count.total},
                                {"active", count.active},
                                {"embedding", count.embedding},
                                {"mtp_unique", count.mtp_unique},
                                {"mtp_stored", count.mtp_stored}}},
                              {"layers", model.layers},
                              {"moe_layers", model.expert_layers()},
                              {"mtp_layers", model.mtp_layers},
                              {"tied_embeddings", model.tied},
                              {"sequence_length", sequence_length},
                              {"forward_flops_per_token",
                               {{"total", flops.total()},
                                {"layers", flops.layers},
                                {"attention", flops.attention},
                                {"output", flops.head}}}};
  nlohmann::ordered_json sizes;
  for (const planner::ModelField& field : planner::model_fields()) {
    if (field.size != nullptr) {
      sizes[std::string(field.name)] = model.*field.size;
    } else {
      sizes[std::string(field.name)] = model.*field.flag;
    }
  }
  json["sizes"] = std::move(sizes);
  nlohmann::ordered_json table = nlohmann::ordered_json::array();
  for (const planner::ParameterRow& row : planner::parameter_table(model)) {
    table.push_back({{"part", row.part},
                     {"formula", row.formula},
                     {"each", row.each},
                     {"count", row.count},
                     {"active_count", row.active}});
  }
  json["table"] = std::move(table);
  out.put(json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace rankmesh::cli
