#pragma once

namespace rankmesh::bench {

/// Searches the layouts of two models, and prints how long it takes.
void print_search_speed();

}  // namespace rankmesh::bench
