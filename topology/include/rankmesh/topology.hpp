#pragma once

/// @file
/// The umbrella header of `rankmesh::topology`: what the parallel groups of a job are. Pure computation on
/// the C++ standard library alone.

#include "rankmesh/topology/best_placement.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/compare.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/convention_table.hpp"
#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/grouping.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/job_sizes.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/modules.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/pipeline.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/shard.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"
#include "rankmesh/topology/topology.hpp"
