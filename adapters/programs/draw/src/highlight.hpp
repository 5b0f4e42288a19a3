#pragma once

#include <vector>

#include "picture.hpp"

namespace rankmesh::cli {

/// The kinds that the page highlights before the reader has chosen any, in the order of creation.
///
/// Kinds that the request names: all of them. Otherwise, of the kinds whose groups have several members but
/// are not the whole layout, and of each set of kinds with equal groups:
/// 1. the kinds along one axis with a name of one word, for example `data` and `expert`;
/// 2. if there is none, the first kind along one axis, for example `expert_data`;
/// 3. if there is none either, and the picture has no more panels than colours, the first kind.
///
/// If that leaves nothing, for example where data parallelism is the only axis, kinds whose group is the
/// whole layout count too; and if that leaves nothing, rule 3 applies whatever the number of panels.
[[nodiscard]] std::vector<const KindFamily*> highlighted_at_first(const Picture& picture);

}  // namespace rankmesh::cli
