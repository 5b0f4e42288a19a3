#pragma once

/// @file
/// The umbrella header of `rankmesh::launch`: layouts from launch scripts and configuration files of other
/// systems.

#include "rankmesh/launch/launch_file.hpp"
