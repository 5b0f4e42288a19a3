#include "rankmesh/options/bound_options.hpp"

namespace rankmesh::cli {

BoundOptions::BoundOptions(Command& command, std::string heading)
    : command_(command),
      heading_(std::move(heading)) {}

void BoundOptions::add(const std::string& name, std::int64_t& value, NumberRange range,
                       const std::string& description) {
  const auto text = [&value] { return std::to_string(value); };
  const Option& option = command_.add({.name = name,
                                       .value_name = "N",
                                       .description = description,
                                       .heading = heading_,
                                       .default_value = text()});
  options_.push_back(
      {name, [&, range](Problems& problems) { value = number_of(option, range, problems).value_or(value); },
       text});
}

void BoundOptions::add(const std::string& name, double& value, DecimalRange range,
                       const std::string& description) {
  const auto text = [&value] { return decimal_text(value); };
  const Option& option = command_.add({.name = name,
                                       .value_name = "X",
                                       .description = description,
                                       .heading = heading_,
                                       .default_value = text()});
  options_.push_back(
      {name, [&, range](Problems& problems) { value = decimal_of(option, range, problems).value_or(value); },
       text});
}

void BoundOptions::add_file(const std::string& name, std::string& value, const std::string& description) {
  const Option& option = command_.add({.name = name,
                                       .value_name = "FILE",
                                       .description = description,
                                       .heading = heading_,
                                       .default_value = value,
                                       .takes_file = true});
  options_.push_back(
      {name, [&](Problems& problems) { value = value_of(option, problems).value_or(value); }, nullptr});
}

void BoundOptions::add(const std::string& name, bool& value, const std::string& description) {
  const Option& option = command_.add({.name = name, .description = description, .heading = heading_});
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
