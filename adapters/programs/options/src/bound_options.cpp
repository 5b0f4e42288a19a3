#include "rankmesh/options/bound_options.hpp"

namespace rankmesh::cli {

BoundOptions::BoundOptions(CLI::App& app, std::string group) : app_(app), group_(std::move(group)) {}

const CLI::Option& BoundOptions::add_option(const std::string& name, const std::string& value_name,
                                            const std::string& description, const std::string& value) {
  return *add_value(app_, {.name = name,
                           .value_name = value_name,
                           .description = description + (value.empty() ? "" : " [" + value + "]"),
                           .group = group_});
}

void BoundOptions::add(const std::string& name, std::int64_t& value, NumberRange range,
                       const std::string& description) {
  const auto text = [&value] { return std::to_string(value); };
  const CLI::Option& option = add_option(name, "N", description, text());
  options_.push_back(
      {name, [&, range](Problems& problems) { value = number_of(option, range, problems).value_or(value); },
       text});
}

void BoundOptions::add(const std::string& name, double& value, DecimalRange range,
                       const std::string& description) {
  const auto text = [&value] { return decimal_text(value); };
  const CLI::Option& option = add_option(name, "X", description, text());
  options_.push_back(
      {name, [&, range](Problems& problems) { value = decimal_of(option, range, problems).value_or(value); },
       text});
}

void BoundOptions::add(const std::string& name, std::string& value, const std::string& value_name,
                       const std::string& description) {
  const CLI::Option& option = add_option(name, value_name, description, value);
  options_.push_back(
      {name, [&](Problems& problems) { value = value_of(option, problems).value_or(value); }, nullptr});
}

void BoundOptions::add(const std::string& name, bool& value, const std::string& description) {
  const CLI::Option& option = *add_switch(app_, {.name = name, .description = description, .group = group_});
  options_.push_back({name, [&](Problems& problems) { value = value || is_given(option, problems); },
                      [&value] { return std::string(value ? "true" : "false"); }});
}

void BoundOptions::read(Problems& problems) const {
  for (const Bound& option : options_) option.read(problems);
}

std::vector<std::pair<std::string, std::string>> BoundOptions::values() const {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Bound& option : options_) {
    if (option.value)
      values.emplace_back(option.name.substr(option.name.find_first_not_of('-')), option.value());
  }
  return values;
}

}  // namespace rankmesh::cli
