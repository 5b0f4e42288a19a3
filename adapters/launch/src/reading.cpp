#include "reading.hpp"

#include <algorithm>

#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::launch {
namespace {

/// The product; nothing if it is above the most ranks that there can be.
std::optional<std::int64_t> product_of(const std::vector<std::int64_t>& factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors) {
    if (factor < 1 || product > most_ranks / factor) return std::nullopt;
    product *= factor;
  }
  return product;
}

bool is_none(std::string_view text) {
  const std::string lower = lower_case(text);
  return lower.empty() || lower == "none" || lower == "null" || lower == "auto";
}

}  // namespace

std::int64_t capped_product(std::initializer_list<std::int64_t> factors) {
  return product_of(factors).value_or(most_ranks + 1);
}

std::string named(const std::string& name, const Number& number) {
  const std::string shown = number.from == nullptr ? name : number.from->name;
  return number.value ? shown + " = " + std::to_string(*number.value) : shown;
}

const Setting* Reading::find(const std::vector<std::string>& parents,
                             std::initializer_list<std::string_view> keys) const {
  for (const std::string& parent : parents) {
    for (auto setting = settings_.items.rbegin(); setting != settings_.items.rend(); ++setting) {
      const bool is_wanted =
          setting->parent == parent && std::find(keys.begin(), keys.end(), setting->key) != keys.end();
      if (is_wanted) return &*setting;
    }
  }
  return nullptr;
}

Number Reading::number(const Setting* setting, std::int64_t least, bool may_be_open) {
  if (setting == nullptr) return {};
  if (!setting->open.empty()) {
    if (may_be_open) {
      note(setting->open_place.text() + ": " + setting->name + " depends on " + setting->open +
           ", which the file does not say; --world-size N says how many ranks there are");
      return {};
    }
    Diagnostic diagnostic{
        .field = setting->name,
        .rule = Phrase("depends on " + files::shown(setting->open) + ", which the file does not say"),
        .place = setting->open_place};
    file_.diagnostics.push_back(std::move(diagnostic));
    return {};
  }
  if (!setting->text) {
    if (settings_.syntax == Syntax::shell && setting->list.empty()) refuse(*setting, "has no value");
    return {};
  }
  if (is_none(*setting->text)) return {};
  std::int64_t value = 0;
  std::string rule = read_number(*setting->text, value);
  if (rule.empty() && value > most_ranks) rule = "is above " + std::to_string(most_ranks);
  if (rule.empty() && value < least && value != -1) rule = "is below " + std::to_string(least);
  if (rule.empty() && value == -1 && least > -1) rule = "is below " + std::to_string(least);
  if (!rule.empty()) {
    if (may_be_open) return {};
    refuse(*setting, std::move(rule));
    return {};
  }
  return {value, setting};
}

bool Reading::is_on(const Setting* setting) const {
  if (setting == nullptr) return false;
  if (!setting->text || !setting->open.empty()) return settings_.syntax == Syntax::shell;
  const std::string text = lower_case(*setting->text);
  // A switch of a command line is followed by the next word, whatever it is.
  if (settings_.syntax == Syntax::shell) return text != "false" && text != "0" && text != "no";
  return text == "true" || text == "1" || text == "yes" || text == "on";
}

void Reading::add_size(std::string name, const Number& number) {
  if (number.from != nullptr) file_.stated.push_back(name);
  file_.sizes.push_back({std::move(name), number.or_one()});
}

void Reading::set_size(std::string_view name, std::optional<std::int64_t> size) {
  for (NamedSize& known : file_.sizes) {
    if (known.name == name) known.size = size;
  }
}

void Reading::refuse(const Setting& setting, Phrase rule) {
  refuse(setting.name, setting.text ? files::shown(*setting.text) : "", std::move(rule), &setting);
}

void Reading::refuse(std::string_view field, std::string value, Phrase rule, const Setting* at) {
  Diagnostic diagnostic{.field = std::string(field), .value = std::move(value), .rule = std::move(rule)};
  diagnostic.place = at == nullptr ? SourcePlace{.source = settings_.source} : at->place;
  if (diagnostic.place->line == 0 && settings_.line > 0)
    diagnostic.place->line = settings_.line, diagnostic.place->column = 1;
  file_.diagnostics.push_back(std::move(diagnostic));
}

void Reading::set_world(std::initializer_list<Number> factors) {
  if (known_.world_size) {
    file_.world_size = known_.world_size;
    world_text_ = "--world-size";
    return;
  }
  std::vector<std::int64_t> values;
  std::vector<std::string> texts;
  for (const Number& factor : factors) {
    if (!factor.value) return;
    values.push_back(*factor.value);
    if (factor.from == nullptr) continue;
    texts.push_back(named("", factor));
    if (world_setting_ == nullptr) world_setting_ = factor.from;
  }
  world_text_ = joined(texts, " times ");
  file_.world_size = product_of(values);
  if (!file_.world_size)
    refuse("world_size", world_text_, "is above 2147483647, the most that MPI and NCCL can number",
           world_setting_);
}

void Reading::set_config(const std::function<ParallelConfig()>& make,
                         const std::vector<std::pair<std::string, const Setting*>>& names) {
  if (is_wrong()) return;
  try {
    file_.config = make();
  } catch (const ConfigError& error) {
    for (Diagnostic diagnostic : error.diagnostics()) {
      diagnostic.place = SourcePlace{.source = settings_.source};
      for (const auto& [field, setting] : names) {
        if (setting == nullptr) continue;
        if (diagnostic.field == field) {
          diagnostic.field = setting->name;
          diagnostic.place = setting->place;
        }
        diagnostic.rule.rename(field, setting->name);
      }
      file_.diagnostics.push_back(std::move(diagnostic));
    }
  }
}

bool Reading::require_world(const std::vector<std::pair<std::string, Number>>& factors, bool may_repeat) {
  if (!file_.world_size) return true;
  std::vector<std::int64_t> values;
  std::vector<std::string> texts;
  std::vector<std::string> names;
  for (const auto& [name, number] : factors) {
    values.push_back(number.or_one());
    if (number.or_one() == 1) continue;
    texts.push_back(named(name, number));
    names.push_back(number.from == nullptr ? name : number.from->name);
  }
  const auto product = product_of(values);
  const std::int64_t world = *file_.world_size;
  if (product && (may_repeat ? world % *product == 0 : world == *product)) return true;
  const std::string needed = product ? std::to_string(*product) : "more than 2147483647";
  const std::string because =
      world_text_.empty() || world_text_ == "--world-size" ? "" : " (" + world_text_ + ")";
  std::string rule = because.empty() ? "" : because.substr(1) + " ";
  const std::string sizes = texts.empty() ? "the sizes" : joined(texts, " times ");
  rule += may_repeat ? "is no multiple of the " + needed + " ranks of " + sizes
                     : "is not the " + needed + " ranks of " + sizes;
  std::vector<std::int64_t> nearest;
  if (product && !may_repeat) nearest = {*product};
  if (product && may_repeat) {
    if (world > *product) nearest.push_back(world / *product * *product);
    if (world / *product < most_ranks / *product) nearest.push_back((world / *product + 1) * *product);
  }
  refuse("world_size", std::to_string(world), rule, world_setting_);
  file_.diagnostics.back().nearest = std::move(nearest);
  return false;
}

void Reading::require_batch(const Number& global, const Number& micro, std::optional<std::int64_t> data) {
  if (!global.value || global.from == nullptr) return;
  if (micro.value && data && *micro.value <= most_ranks && *data <= most_ranks) {
    const std::int64_t step = *micro.value * *data;
    if (*global.value % step == 0) return;
    refuse(*global.from,
           Phrase("is no multiple of " + std::to_string(step) + ", " + named("the micro batch", micro) +
                  " times " + std::to_string(*data) + " data parallel ranks"));
    std::vector<std::int64_t>& nearest = file_.diagnostics.back().nearest;
    if (*global.value > step) nearest.push_back(*global.value / step * step);
    nearest.push_back((*global.value / step + 1) * step);
  }
}

void Reading::require_heads(const Number& heads, const Number& tensor) {
  if (!heads.value || *heads.value % tensor.or_one() == 0 || tensor.from == nullptr) return;
  // The divisors of the heads on both sides, above only up to twice the size.
  std::int64_t below = 0;
  std::int64_t above = tensor.or_one() * 2 + 1;
  for (std::int64_t factor = 1; factor <= *heads.value / factor; ++factor) {
    if (*heads.value % factor != 0) continue;
    for (const std::int64_t size : {factor, *heads.value / factor}) {
      if (size < tensor.or_one()) below = std::max(below, size);
      if (size > tensor.or_one()) above = std::min(above, size);
    }
  }
  std::vector<std::int64_t> nearest;
  if (below > 0) nearest.push_back(below);
  if (above <= tensor.or_one() * 2) nearest.push_back(above);
  refuse(*tensor.from, Phrase("does not divide " + named("the attention heads", heads)));
  file_.diagnostics.back().nearest = std::move(nearest);
}

}  // namespace rankmesh::launch
