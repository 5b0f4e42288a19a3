#include "options_file/diagnostic_list.hpp"

namespace rankmesh::nccl::options_file {

void DiagnosticList::add(SourcePlace place, std::string rule) {
  if (diagnostics_.size() == most) {
    diagnostics_.push_back({.rule = "has more problems than these: the rest was not read",
                            .place = SourcePlace{.source = source_}});
    throw_if_any();
  }
  place.source = source_;
  diagnostics_.push_back({.rule = std::move(rule), .place = std::move(place)});
}

void DiagnosticList::throw_if_any() {
  if (diagnostics_.empty()) return;
  sort_by_place(diagnostics_);
  throw files::FileError(std::move(diagnostics_));
}

std::string DiagnosticList::place_text(SourcePlace place) const {
  place.source = source_;
  return place.text();
}

}  // namespace rankmesh::nccl::options_file
