#pragma once

/// @file
/// The umbrella header of `rankmesh::files`: layouts from TOML files, and what other readers of files share.

#include "rankmesh/files/cluster.hpp"
#include "rankmesh/files/convention.hpp"
#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/layout.hpp"
#include "rankmesh/files/model.hpp"
#include "rankmesh/files/shown_text.hpp"
