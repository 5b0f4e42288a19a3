#pragma once

/// @file
/// The umbrella header of `rankmesh::comm`: which communicators one rank needs, in which order, who shares
/// one, and the protocols that bring them up. Depends on `rankmesh::topology` alone; adapters do the rest.

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/bootstrap.hpp"
#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/comm/communicator_set.hpp"
#include "rankmesh/comm/duration_text.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/group_broadcast.hpp"
#include "rankmesh/comm/host_exchange.hpp"
#include "rankmesh/comm/host_identity.hpp"
#include "rankmesh/comm/kind_selection.hpp"
#include "rankmesh/comm/list_config.hpp"
#include "rankmesh/comm/parallel_state.hpp"
#include "rankmesh/comm/parts.hpp"
#include "rankmesh/comm/place_ranks.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/progress.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/reference_names.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/comm/slices.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/comm/transport.hpp"
#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/comm/watchdog.hpp"
