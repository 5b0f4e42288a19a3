#include "options_file/scalars.hpp"

namespace rankmesh::nccl::options_file {
namespace {

constexpr std::string_view digits = "0123456789";

}  // namespace

std::optional<bool> boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  return text.find_first_not_of(digits) == std::string_view::npos;
}

bool looks_like_number(std::string_view text) {
  const std::size_t first = text.find_first_not_of("+-.");
  return first != std::string_view::npos && digits.find(text[first]) != std::string_view::npos &&
         text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

}  // namespace rankmesh::nccl::options_file
